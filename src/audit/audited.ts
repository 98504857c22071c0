import { RESOLUTIONS } from '../policy/vocabulary.js';

/** What is audited, and what can be done to it. Closed, so that whoever searches the log knows what to search for. */
const AUDITED = {
  alert: ['tested'],
  api_key: ['created', 'revoked', 'reinstated'],
  circuit: ['opened', 'closed'],
  dead_letter: RESOLUTIONS,
  replay: ['started', 'completed', 'canceled', 'failed'],
  suppression: ['lifted'],
} as const;

export type AuditSubject = keyof typeof AUDITED;
export type AuditAction = {
  [Subject in AuditSubject]: `${Subject}.${(typeof AUDITED)[Subject][number]}`;
}[AuditSubject];

export const AUDIT_SUBJECTS = Object.keys(AUDITED);
export const AUDIT_ACTIONS = Object.entries(AUDITED).flatMap(([subject, deeds]) =>
  deeds.map((deed) => `${subject}.${deed}`),
);

/** The kind of subject that an action is done to. Pure. */
export function subjectOf(action: AuditAction): string {
  return action.slice(0, action.indexOf('.'));
}
