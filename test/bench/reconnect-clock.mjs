/** @returns ms on the machine's monotonic clock, which all its processes share */
export function machineTime() {
  return Number(process.hrtime.bigint()) / 1e6;
}
