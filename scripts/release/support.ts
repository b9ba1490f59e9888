/** What a release is tried on: the table in docs/support.md says the same, which a test checks. */

/** Versions of Node, as the npm registry names them: the floor of package.json, and the newest of each line that is maintained. */
export const NODE_VERSIONS = ['20.19.0', '20', '22', '24'] as const

/** Browsers by the file in test/browser/ that runs the package in them. */
export const BROWSERS = { Chromium: 'engines.test.ts', 'Firefox ESR': 'firefox.test.ts' } as const
