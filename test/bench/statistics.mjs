/** Medians and percentiles by nearest rank: each is one of the measurements, none is interpolated. */

export function median(values) {
  return percentile(values, 50);
}

/** @param rank in percent, above 0 */
export function percentile(values, rank) {
  if (values.length === 0) throw new Error('There are no measurements');
  return values.toSorted((a, b) => a - b)[Math.ceil((rank / 100) * values.length) - 1];
}

/** Four significant digits: more would claim a precision that no run has. */
export function rounded(value) {
  return Number(value.toPrecision(4));
}
