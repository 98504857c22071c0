/** The names of the security schemes in the OpenAPI document. */
export const BEARER = 'apiKey';
export const TWILIO_SIGNATURE = 'twilioSignature';
