import { OLD_MEXICAN } from '../policy/address.js';

/**
 * What is remembered about a recipient, as two columns for a SELECT: `suppressed` (opted out of the sender; a number's
 * WhatsApp sender is separate from its sender for SMS and calls) and `unavailableCode` (known not to be on the
 * channel). Read row by row, by index: an EXISTS could be planned as one scan of the whole table, which is right only
 * until the table has grown.
 */
export function recipientMemory(recipient: string, sender: string, channel: string): string {
  // Mirrors canonicalNumber().
  const number = `regexp_replace(${recipient}, '${OLD_MEXICAN.source}', '+52\\1')`;
  return `
    (SELECT true FROM suppressions s
      WHERE s.sender = CASE ${channel} WHEN 'whatsapp' THEN 'whatsapp:' || ${sender} ELSE ${sender} END
        AND s.recipient = ${number} AND s.lifted_at IS NULL LIMIT 1) IS NOT NULL AS suppressed,
    (SELECT u.provider_code FROM unavailable_channels u
      WHERE u.recipient = ${number} AND u.channel = ${channel} AND u.until > service_now()) AS "unavailableCode"`;
}
