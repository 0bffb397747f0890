/** Which heading of the sidebar a moment belongs under. Days are the reader's days. */
export type DayGroup = 'today' | 'yesterday' | 'week' | 'older';

export const dayGroups: readonly DayGroup[] = ['today', 'yesterday', 'week', 'older'];

export function dayGroup(atMs: number, nowMs: number): DayGroup {
  const days = Math.round((startOfDay(nowMs) - startOfDay(atMs)) / 86_400_000);
  if (days <= 0) return 'today';
  if (days === 1) return 'yesterday';
  return days <= 7 ? 'week' : 'older';
}

export function groupByDay<T extends { updatedAtMs: number }>(
  items: readonly T[],
  nowMs: number,
  at: (item: T) => number = (item) => item.updatedAtMs,
): { group: DayGroup; items: T[] }[] {
  const today = startOfDay(nowMs);
  const groups = dayGroups.map((group) => ({ group, items: [] as T[] }));
  for (const item of items) {
    // Most are older than a week; they need no look at the calendar.
    const old = at(item) < today - 10 * 86_400_000;
    const group = old ? 'older' : dayGroup(at(item), nowMs);
    groups[dayGroups.indexOf(group)]?.items.push(item);
  }
  return groups.filter((g) => g.items.length > 0);
}

/** Rounding over the difference takes care of days with 23 or 25 hours. */
function startOfDay(ms: number): number {
  const date = new Date(ms);
  date.setHours(0, 0, 0, 0);
  return date.getTime();
}
