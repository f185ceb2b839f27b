/**
 * The standard normal distribution backwards: below which value a share `u` of it lies.
 *
 * M. J. Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied Statistics 37 (1988), PPND7: ratios of
 * polynomials, right to about one part in 10^7, which is more than 32 bits of chance can tell.
 */
export function normalQuantile(u: number): number {
  const fromMiddle = u - 0.5;
  if (Math.abs(fromMiddle) <= 0.425) {
    const r = 0.180625 - fromMiddle * fromMiddle;
    return (
      (fromMiddle * polynomial(r, 3.3871327179, 50.434271938, 159.29113202, 59.10937472)) /
      polynomial(r, 1, 17.895169469, 78.757757664, 67.1875636)
    );
  }
  // One number in four billion is 0, whose quantile is minus infinity; half a step above it is as far as chance of 32 bits goes.
  const tail = Math.max(fromMiddle < 0 ? u : 1 - u, 2 ** -33);
  const r = Math.sqrt(-Math.log(tail));
  const size =
    r <= 5
      ? polynomial(r - 1.6, 1.4234372777, 2.75681539, 1.3067284816, 0.17023821103) /
        polynomial(r - 1.6, 1, 0.7370016425, 0.12021132975, 0)
      : polynomial(r - 5, 6.657905115, 3.081226386, 0.42868294337, 0.017337203997) /
        polynomial(r - 5, 1, 0.24197894225, 0.012258202635, 0);
  return fromMiddle < 0 ? -size : size;
}

function polynomial(x: number, a: number, b: number, c: number, d: number): number {
  return a + x * (b + x * (c + x * d));
}
