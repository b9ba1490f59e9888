/** How each picture in docs/images is made: what `npm run pictures` runs, and what its page can tell. */
export const PICTURES: Readonly<Record<string, string>> = {
  'cartpole-attraction.svg': 'tsx sims/attraction-map.ts docs/images/cartpole-attraction.svg',
  'cartpole-report.png': 'tsx scripts/pagePictures.mjs',
  'digits.svg': 'tsx sims/digits.ts docs/images/digits.svg',
  'fixed-point.svg': 'tsx sims/fixed-point.ts docs/images/fixed-point.svg',
  'frontier-quadrotor.svg':
    'node dist/cli/main.js bench frontier --charts out/charts && cp out/charts/frontier-quadrotor.svg docs/images/',
  'gain-schedule.svg': 'tsx sims/gain-schedule.ts docs/images/gain-schedule.svg',
  'guide-robot.png': 'tsx scripts/pagePictures.mjs',
  'humanoid-kick.svg': 'tsx sims/humanoid-kick.ts docs/images/humanoid-kick.svg',
  'integral-push.svg': 'tsx sims/integral-push.ts docs/images/integral-push.svg',
  'proximal.svg': 'tsx sims/proximal.ts docs/images/proximal.svg',
  'robustness.svg': 'tsx sims/robustness.ts docs/images/robustness.svg',
  'viewer.gif': 'node scripts/film-viewer.mjs',
  'viewer.png': 'node scripts/film-viewer.mjs',
}
