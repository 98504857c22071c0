import { CanActivate, ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Problem } from '../problems/problem.js';
import { isSignedByTwilio } from '../twilio/signature.js';
import type { CallbackForm } from './callback-form.js';
import { CallbackJournal } from './callback.journal.js';

/**
 * Lets through only requests that Twilio signed for PUBLIC_URL: the address Twilio was given, not the one this process
 * sees behind a proxy. Nothing is read or written before this check.
 */
@Injectable()
export class SignatureGuard implements CanActivate {
  constructor(
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    private readonly journal: CallbackJournal,
  ) {}

  /** @throws Problem `bad-signature` */
  canActivate(context: ExecutionContext): true {
    const request = context
      .switchToHttp()
      .getRequest<FastifyRequest<{ Body: CallbackForm | undefined; Params: { attemptId?: string } }>>();
    const signature = request.headers['x-twilio-signature'];
    const signed = isSignedByTwilio(
      {
        url: this.configuration.publicUrl + request.originalUrl,
        params: request.body ?? {},
        signature,
      },
      this.configuration.twilio.signatureTokens,
    );
    if (!signed) {
      this.journal.refused(request.params.attemptId ?? '', signature ? 'refused' : 'unsigned');
      throw new Problem('bad-signature', {
        detail:
          'X-Twilio-Signature does not fit this request. It is checked against PUBLIC_URL with the auth token of the account.',
      });
    }
    return true;
  }
}
