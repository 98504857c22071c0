import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { fetchDescribed } from './openapi.exchanges.js';
import type { ServiceUnderTest } from './service.js';

/** Calls back as Twilio does: a signed form to the address that the request had named. */
export class TwilioCallback {
  constructor(
    private readonly service: ServiceUnderTest,
    private readonly token = service.configuration.twilio.authToken,
  ) {}

  message(attemptId: string, sid: string, status: string, more: Record<string, string> = {}): Promise<Response> {
    return this.post(`/callbacks/twilio/message/${attemptId}`, {
      MessageSid: sid,
      SmsSid: sid,
      MessageStatus: status,
      SmsStatus: status,
      AccountSid: this.service.configuration.twilio.accountSid,
      ApiVersion: '2010-04-01',
      ...more,
    });
  }

  call(attemptId: string, sid: string, status: string): Promise<Response> {
    return this.post(`/callbacks/twilio/call/${attemptId}`, { CallSid: sid, CallStatus: status });
  }

  post(path: string, params: Record<string, string>, signature?: string): Promise<Response> {
    const url = this.service.url + path;
    const request = new Request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': signature ?? getExpectedTwilioSignature(this.token, url, params),
      },
      body: new URLSearchParams(params),
    });
    return fetchDescribed(request, params);
  }
}
