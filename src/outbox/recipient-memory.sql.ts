/**
 * What is remembered of a recipient, as two columns for a SELECT: `suppressed` (opted out of the sender) and
 * `unavailableCode` (known not to be on the channel). Both tables are small and read by index.
 */
export function recipientMemory(recipient: string, sender: string, channel: string): string {
  return `
    EXISTS (SELECT 1 FROM suppressions s
      WHERE s.sender = ${sender} AND s.recipient = ${recipient} AND s.lifted_at IS NULL) AS suppressed,
    (SELECT u.provider_code FROM unavailable_channels u
      WHERE u.recipient = ${recipient} AND u.channel = ${channel} AND u.until > service_now()) AS "unavailableCode"`;
}
