export const SWEEP_FILES = ['results.csv', 'report.html']
export async function writeSweepReport(_out: string, _options: object): Promise<string[]> {
  return []
}
