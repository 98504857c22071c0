import twilio, { type Twilio } from 'twilio';
import { ACCOUNT } from '../contenders/contender.js';

/** twilio-node as it is, with kept connections and nothing changed but the address. */
export function twilioNode(providerUrl: string, connections: number): Twilio {
  const httpClient = new twilio.RequestClient({ keepAlive: true, maxSockets: connections });
  const client = twilio(ACCOUNT.sid, ACCOUNT.token, { httpClient });
  client.api.baseUrl = providerUrl;
  return client;
}
