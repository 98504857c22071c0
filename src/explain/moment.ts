/** "10:02:11" on the day of `reference`, else "2026-12-01 10:02:11"; UTC. */
export function clockTime(at: Date, reference: Date): string {
  const [day = '', time = ''] = at.toISOString().split('T');
  const sameDay = reference.toISOString().startsWith(day);
  return `${sameDay ? '' : `${day} `}${time.slice(0, 8)}`;
}
