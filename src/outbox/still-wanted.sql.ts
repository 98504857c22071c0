/** Work that expired before it was sent is not sent; an attempt that may have been sent is still looked up. */
export const STILL_WANTED = `(stage <> 'send' OR expires_at IS NULL OR expires_at > service_now())`;
