import 'reflect-metadata';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ACCOUNT } from '../contenders/contender.js';
import { messageCall } from '../peers/message.call.js';
import { twilioNode } from '../peers/twilio-node.js';
import { orderText } from '../programs/provider.calls.js';
import { fromService } from '../service.build.js';
import { serve } from '../stage/rpc.js';
import type { SendClient, SendCpuCalls } from './send-cpu.calls.js';

/** What one send costs a process that does nothing else: `send-cpu.main <provider's address> <client>`. */
const [, , providerUrl = '', client = 'undici'] = process.argv;
const CONNECTIONS = 64;

type Send = (order: number) => Promise<unknown>;

/** Every client sends the same form. */
const form = (order: number) => ({
  To: '+15551230001',
  From: ACCOUNT.sender,
  Body: orderText(order),
  StatusCallback: 'http://127.0.0.1:3000/callbacks/twilio/message/019354aa-0000-7000-8000-000000000000',
});

const CLIENTS: Record<SendClient, () => Promise<Send>> = {
  TwilioClient: async () => {
    const { TwilioClient } = await fromService('twilio/twilio.client');
    const { encodeForm } = await fromService('twilio/twilio.requests');
    const app = await NestFactory.createApplicationContext(await twilioAlone(), { logger: false, abortOnError: false });
    const twilio = app.get(TwilioClient);
    return (order) =>
      twilio.create('message', encodeForm(form(order)), {
        attemptId: '019354aa-0000-7000-8000-000000000000',
        deliveryId: '019354aa-0000-7000-8000-000000000001',
      });
  },
  'twilio-node': async () => {
    const twilio = twilioNode(providerUrl, CONNECTIONS);
    return (order) => {
      const { To, From, Body, StatusCallback } = form(order);
      return twilio.messages.create({ to: To, from: From, body: Body, statusCallback: StatusCallback });
    };
  },
  undici: async () => {
    const call = messageCall(providerUrl, CONNECTIONS);
    return (order) => call({ to: '+15551230001', body: orderText(order) });
  },
};

/** The service's own client as it is wired there, with nothing else of the service. */
async function twilioAlone(): Promise<DynamicModule> {
  const { TwilioModule } = await fromService('twilio/twilio.module');
  const { ERROR_CODE_TABLE } = await fromService('twilio/error-codes/error-code-table');
  const { TWILIO_ERROR_CODES } = await fromService('twilio/error-codes/table');
  const codes: DynamicModule = {
    module: class ErrorCodesModule {},
    global: true,
    providers: [{ provide: ERROR_CODE_TABLE, useValue: TWILIO_ERROR_CODES }],
    exports: [ERROR_CODE_TABLE],
  };
  const settings = {
    accountSid: ACCOUNT.sid,
    authToken: ACCOUNT.token,
    apiKey: null,
    baseUrl: providerUrl,
    timeoutMs: 10_000,
    connections: CONNECTIONS,
  };
  return {
    module: class TwilioAloneModule {},
    imports: [codes, TwilioModule.register({ useFactory: () => settings })],
  };
}

const sendOne = await CLIENTS[client as SendClient]();

async function send({ count, concurrency }: { count: number; concurrency: number }): Promise<number> {
  let order = 0;
  const lane = async () => {
    while (order < count) {
      order += 1;
      await sendOne(order);
    }
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: concurrency }, lane));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

serve({ send } satisfies SendCpuCalls);
