import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '../access/access.decorator.js';
import { Database } from '../database/database.js';
import { wishOf } from '../recipients/inbound.keywords.js';
import { RecipientMemory } from '../recipients/recipient-memory.js';
import { isWhatsappAddress } from '../policy/address.js';
import { lacking, valueOf, type CallbackForm } from './callback-form.js';
import { SignatureGuard } from './signature.guard.js';
import { SignedForm } from './signed-form.decorator.js';

/** Twilio's webhook for messages that recipients send: only STOP and START matter here. */
@ApiTags('callbacks')
@Controller('callbacks/twilio')
@Public()
@UseGuards(SignatureGuard)
export class InboundController {
  constructor(
    private readonly database: Database,
    private readonly memory: RecipientMemory,
  ) {}

  @Post('inbound')
  @HttpCode(204)
  @ApiOperation({ summary: 'A message from a recipient, signed by Twilio: STOP suppresses, START lifts it' })
  @SignedForm('From', 'To')
  async inbound(@Body() form: CallbackForm = {}): Promise<void> {
    const [from, to] = [valueOf(form, 'From'), valueOf(form, 'To')];
    if (from === null || to === null) throw lacking(form, ['From'], ['To']);
    const wish = wishOf({ from, body: valueOf(form, 'Body') ?? '', optOutType: valueOf(form, 'OptOutType') });
    if (wish === null) return;
    // If it was sent through a Messaging Service, the sender of a delivery is the service.
    const service = valueOf(form, 'MessagingServiceSid');
    const channel = isWhatsappAddress(from) ? 'whatsapp' : 'sms';
    await this.database.transaction(async (transaction) => {
      for (const sender of service === null ? [to] : [to, service]) {
        if (wish === 'stop') {
          const reason = 'The recipient answered STOP';
          await this.memory.optedOut(transaction, { channel, sender, recipient: from, reason, since: null });
        } else {
          await this.memory.optedIn(transaction, { channel, sender, recipient: from, by: 'START of the recipient' });
        }
      }
    });
  }
}
