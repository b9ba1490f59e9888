/** The package `mnist`: for each digit 0 … 9 its images, 28 × 28 brightnesses from 0 to 1. */
declare module 'mnist' {
  const digits: readonly { readonly length: number; get(index: number): number[] }[]
  export default digits
}
