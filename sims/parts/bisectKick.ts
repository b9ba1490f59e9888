/** The largest kick that is survived, by halving between none and one that is fatal for certain. */
export interface KickBounds {
  readonly survived: number // largest that was
  readonly fatal: number // smallest that was not
}

/** One call of `survives` for each of `runs`. Where larger kicks may do less harm, the bounds are those of one of the changes. */
export async function bisectKick(
  survives: (amount: number) => Promise<boolean>,
  { highest, runs }: { highest: number; runs: number },
): Promise<KickBounds> {
  let [survived, fatal] = [0, highest]
  for (let k = 0; k < runs; k++) {
    const amount = (survived + fatal) / 2
    if (await survives(amount)) survived = amount
    else fatal = amount
  }
  return { survived, fatal }
}
