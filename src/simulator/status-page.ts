import { z } from 'zod';

const COMPONENT_STATUSES = [
  'operational',
  'degraded_performance',
  'partial_outage',
  'major_outage',
  'under_maintenance',
] as const;

/** What the page shows from now on; components left out are operational. */
export const statusPageSchema = z.strictObject({
  indicator: z.enum(['none', 'minor', 'major', 'critical']).default('none'),
  description: z.string().optional(),
  components: z.array(z.strictObject({ name: z.string().min(1), status: z.enum(COMPONENT_STATUSES) })).default([]),
  incidents: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        status: z.enum(['investigating', 'identified', 'monitoring', 'resolved']).default('investigating'),
        impact: z.enum(['none', 'minor', 'major', 'critical']).default('major'),
        body: z.string().default(''),
      }),
    )
    .default([]),
});
export type StatusPageContent = z.output<typeof statusPageSchema>;

/** Shown as operational unless set otherwise. Only the first name is known from the real page. */
const COMPONENT_NAMES = ['TWILIO PLATFORM (Billing)', 'Programmable Messaging', 'WhatsApp', 'Programmable Voice'];

const DESCRIPTIONS = {
  none: 'All Systems Operational',
  minor: 'Minor Service Outage',
  major: 'Partial System Outage',
  critical: 'Major Service Outage',
} as const;

const ALL_WELL: StatusPageContent = { indicator: 'none', components: [], incidents: [] };

/** A status page in Statuspage's format. Source: https://status.twilio.com/api */
export class StatusPage {
  #content = ALL_WELL;
  #updatedAt = new Date();

  set(content: StatusPageContent): void {
    this.#content = content;
    this.#updatedAt = new Date();
  }

  reset(): void {
    this.set(ALL_WELL);
  }

  summary(): Record<string, unknown> {
    const at = this.#updatedAt.toISOString();
    const { indicator, description, incidents } = this.#content;
    return {
      page: {
        id: 'gpkpyklzq55q',
        name: 'Twilio',
        url: 'https://status.twilio.com',
        time_zone: 'America/Los_Angeles',
        updated_at: at,
      },
      components: this.#components(at),
      incidents: incidents.map((incident, index) => shownIncident(incident, index, at)),
      scheduled_maintenances: [],
      status: { indicator, description: description ?? DESCRIPTIONS[indicator] },
    };
  }

  #components(at: string): Record<string, unknown>[] {
    const told = this.#content.components;
    const others = COMPONENT_NAMES.filter((name) => !told.some((component) => component.name === name));
    const all = [...told, ...others.map((name) => ({ name, status: 'operational' as const }))];
    return all.map((component, index) => ({
      id: `component${index + 1}`,
      name: component.name,
      status: component.status,
      created_at: at,
      updated_at: at,
      position: index + 1,
      description: null,
      showcase: false,
      start_date: null,
      group_id: null,
      page_id: 'gpkpyklzq55q',
      group: false,
      only_show_if_degraded: false,
    }));
  }
}

function shownIncident(
  incident: StatusPageContent['incidents'][number],
  index: number,
  at: string,
): Record<string, unknown> {
  const id = `incident${index + 1}`;
  return {
    id,
    name: incident.name,
    status: incident.status,
    impact: incident.impact,
    created_at: at,
    updated_at: at,
    started_at: at,
    monitoring_at: null,
    resolved_at: incident.status === 'resolved' ? at : null,
    shortlink: `https://stspg.io/${id}`,
    page_id: 'gpkpyklzq55q',
    incident_updates: [
      {
        id: `${id}-update1`,
        incident_id: id,
        status: incident.status,
        body: incident.body,
        affected_components: null,
        created_at: at,
        updated_at: at,
        display_at: at,
      },
    ],
    components: [],
  };
}
