/**
 * Twilio could not call a URL: ours under PUBLIC_URL, or a caller's voice.url. These are alerts in Twilio's debugger,
 * not results of a send, so no error class truly fits; the nearest is a request with a bad URL that the operator must
 * repair.
 */
import { invalidRequest, providerFault } from './rows-by-class.js';
import { DEBUGGER_ONLY } from './shared-notes.js';

const ABOUT_A_URL = {
  seenIn: 'unclear',
  scope: 'account',
  responsible: 'operator',
  otherChannelHelps: 'no',
  note: DEBUGGER_ONLY,
} as const;

export const WEBHOOK_CODES = [
  invalidRequest(11100, 'Webhook URL has an invalid format', {
    ...ABOUT_A_URL,
    action: 'Operator: make PUBLIC_URL a whole public https URL. Caller: the same for voice.url.',
  }),
  invalidRequest(11200, 'Webhook could not be fetched', {
    ...ABOUT_A_URL,
    action: 'Operator: see why our callback URL answers slowly or not with 2xx; reconciliation covers what was missed.',
  }),
  invalidRequest(11201, 'Webhook connection timed out', {
    ...ABOUT_A_URL,
    action: 'Operator: open the firewall or the load balancer for PUBLIC_URL; Twilio waits 5 seconds for a connection.',
  }),
  invalidRequest(11202, 'Webhook connection was refused', {
    ...ABOUT_A_URL,
    action: 'Operator: check that a service with the api role listens behind PUBLIC_URL.',
  }),
  invalidRequest(11203, 'Webhook took too long in total', {
    ...ABOUT_A_URL,
    action: 'Operator: find what slows callbacks down; all tries together have 15 seconds.',
  }),
  invalidRequest(11205, 'Webhook connection failed', {
    ...ABOUT_A_URL,
    action: 'Operator: check that PUBLIC_URL can be reached from the internet and is not a private address.',
  }),
  invalidRequest(11206, 'Webhook broke the HTTP protocol', {
    ...ABOUT_A_URL,
    action: 'Operator: check that PUBLIC_URL names the right scheme and port, such as https on 443.',
  }),
  invalidRequest(11210, 'Webhook host name is unknown', {
    ...ABOUT_A_URL,
    action: 'Operator: give the host of PUBLIC_URL a public DNS record.',
  }),
  invalidRequest(11215, 'Webhook redirects too often', {
    ...ABOUT_A_URL,
    action: 'Operator: point PUBLIC_URL at the final address; a redirect also breaks the signature.',
  }),
  invalidRequest(11220, 'Webhook TLS handshake failed', {
    ...ABOUT_A_URL,
    action: 'Operator: let the server behind PUBLIC_URL speak TLS 1.2 or newer with current cipher suites.',
  }),
  invalidRequest(11235, 'Webhook certificate is for another host', {
    ...ABOUT_A_URL,
    action: 'Operator: install a certificate that names the host of PUBLIC_URL.',
  }),
  invalidRequest(11236, 'Webhook certificate has expired', {
    ...ABOUT_A_URL,
    action: 'Operator: renew the certificate of PUBLIC_URL now; until then statuses come from reconciliation only.',
  }),
  invalidRequest(11237, 'Webhook certificate chain is incomplete', {
    ...ABOUT_A_URL,
    action: 'Operator: serve the intermediate certificates as well, or use a public authority.',
  }),
  invalidRequest(11243, 'Webhook retry policy is invalid', {
    ...ABOUT_A_URL,
    action: 'Operator: correct the #rp= part of the URL; Twilio knows 4xx, 5xx, ct, rt and all.',
  }),
  invalidRequest(11251, 'Webhook broke the protocol fatally', {
    ...ABOUT_A_URL,
    action: 'Operator: look for a proxy behind PUBLIC_URL that sends broken HTTP.',
  }),
  providerFault(15000, 'Call event could not be processed', {
    seenIn: 'unclear',
    action: 'Nobody: Twilio lost an event of a call, not the call; reconciliation reads how the call ended.',
    note: DEBUGGER_ONLY,
  }),
  invalidRequest(15002, 'Call event waited too long to be delivered', {
    ...ABOUT_A_URL,
    action: 'Operator: find what slows call callbacks down; reconciliation reads how the call ended.',
    note: `${DEBUGGER_ONLY} It is a callback that timed out in Twilio's queue, not a call.`,
  }),
  invalidRequest(15003, 'Call event got an error answer', {
    ...ABOUT_A_URL,
    action:
      'Operator: see why the call callback did not answer with 2xx; a 403 means that the signature did not match PUBLIC_URL.',
  }),
];
