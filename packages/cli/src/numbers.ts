/** Numbers as people read them. */

export function count(value: number): string {
  return value.toFixed(0).replaceAll(/\B(?=(\d{3})+$)/g, ' ');
}

/** A weight or a limit: as it was given, without a long tail. */
export function number(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** `share` is from 0 to 1. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

export function rate(perSecond: number): string {
  return perSecond.toFixed(perSecond < 100 ? 1 : 0);
}

export function milliseconds(ms: number): string {
  return ms.toFixed(ms < 10 ? 1 : 0);
}

/** A time span to the largest unit that says enough: `42 s`, `7 min`, `3 h`, `12 d`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

export function bytes(size: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = size;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(value < 10 && unit > 0 ? 1 : 0)} ${units[unit]}`;
}
