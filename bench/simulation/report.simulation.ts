import { CATEGORIES, CHANNELS } from '../../src/policy/vocabulary.js';
import { ACCOUNTS, PLANNED_SHARE, STEP_SECONDS } from './assumptions.js';
import { accountsNeeded } from './capacity.js';
import { KIND_NAMES, KINDS, LIMITS } from './limits.js';
import { figure, millions, table, whole } from '../report/markdown.js';
import type { Simulation } from './simulate.js';
import type { Lags } from './tally.js';

/** Seconds as people say them; 0: sooner than a step of the simulation. */
export function duration(seconds: number | null): string {
  if (seconds === null) return 'never';
  if (seconds === 0) return `< ${STEP_SECONDS} s`;
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${figure(seconds / 60)} min` : `${figure(seconds / 3600)} h`;
}

export function kindTable({ kinds }: Simulation): string {
  return table(
    [
      'sender',
      'senders',
      'each a second',
      'each a day',
      'accepted',
      'relieved',
      'waited',
      'deepest',
      'p99, held',
      'last, held',
    ],
    KIND_NAMES.map((name) => {
      const { senders, relieved, saturated, deepest, total } = kinds[name];
      const { name: title, perSecond, perDay } = KINDS[name];
      return [
        title,
        whole(senders),
        String(perSecond),
        perDay === null ? '–' : whole(perDay),
        millions(total.accepted),
        whole(relieved),
        whole(saturated.before),
        whole(deepest),
        duration(total.lags.incident.within(0.99)),
        duration(Math.max(total.lags.incident.longest, total.lags.before.longest)),
      ];
    }),
  );
}

export function categoryTable({ categories, total }: Simulation): string {
  const lags = (of: Lags, ...shares: number[]) => shares.map((share) => duration(of.within(share)));
  const row = (name: string, { accepted, sent, expired, waiting, lags: by }: Simulation['total']) => [
    name,
    ...[accepted, sent, expired, waiting].map(millions),
    ...lags(by.before, 0.5, 0.99),
    ...lags(by.incident, 0.5, 0.99),
    ...lags(by.after, 0.5, 0.99),
  ];
  const head = ['category', 'accepted', 'sent', 'expired', 'waiting at midnight'];
  const phases = ['before', 'during', 'after'].flatMap((phase) => [`p50 ${phase}`, `p99 ${phase}`]);
  return table([...head, ...phases], [...CATEGORIES.map((name) => row(name, categories[name])), row('all', total)]);
}

export function peakTable(simulation: Simulation): string {
  const { peak, usualPeak, deepest, drainedAfter } = simulation;
  const { accounts, subaccounts } = accountsNeeded(simulation);
  const percent = (units: number) => `${figure((units / LIMITS.account.perSecond) * 100)} %`;
  return table(
    ['', 'before the incident', 'after it'],
    [
      ['accepted a second, the busiest minute', whole(usualPeak.accepted), whole(peak.accepted)],
      ['sent a second, the busiest minute', whole(usualPeak.sent), whole(peak.sent)],
      [
        'of the busiest account’s segments a second',
        percent(usualPeak.sentUnitsOfAnAccount),
        percent(peak.sentUnitsOfAnAccount),
      ],
      ['waiting, the most at once', whole(deepest.before), whole(deepest.all)],
      ...CHANNELS.map((channel) => [`nothing is held any more: ${channel}`, '–', duration(drainedAfter[channel])]),
      [
        `accounts needed, at ${PLANNED_SHARE * 100} % of their limit (planned: ${ACCOUNTS.accounts})`,
        whole(accounts),
        '–',
      ],
      [
        `subaccounts needed, at ${PLANNED_SHARE * 100} % of theirs (planned: ${ACCOUNTS.accounts * ACCOUNTS.subaccountsEach})`,
        whole(subaccounts),
        '–',
      ],
    ],
  );
}
