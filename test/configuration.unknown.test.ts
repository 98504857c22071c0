import { describe, expect, it } from 'vitest';
import { ENVIRONMENT_SCHEMA } from '../src/config/environment.schema.js';
import { unknownVariables } from '../src/config/unknown-variables.js';

describe('a variable that is none of Postrider', () => {
  it.each([
    ['ALLOWED_COUNTRY', 'ALLOWED_COUNTRIES'],
    ['DATABASE_URI', 'DATABASE_URL'],
    ['database_url', 'DATABASE_URL'],
    ['PROT', 'PORT'],
    ['SENDER_RATE', 'SENDER_RATES'],
    ['TWILIO_SMS_FORM', 'TWILIO_SMS_FROM'],
    ['PAGERDUTY_ROUTINGKEY', 'PAGERDUTY_ROUTING_KEY'],
  ])('%s is told from %s', (mistyped, meant) => {
    expect(unknownVariables([mistyped])).toEqual([
      `${mistyped} is not a variable of Postrider; did you mean ${meant}?`,
    ]);
  });

  it('is named alone where it begins with TWILIO_ and is near to none', () => {
    expect(unknownVariables(['TWILIO_REGION'])).toEqual(['TWILIO_REGION is not a variable of Postrider']);
  });

  it('is nobody’s business where it is what a system, a shell, a platform or another program sets', () => {
    const common =
      '_ CI COLORTERM DEBUG DISPLAY EDITOR GPG_KEY HOME HOSTNAME HOSTTYPE HTTPS_PROXY HTTP_PROXY INIT_CWD KUBERNETES_PORT ' +
      'KUBERNETES_PORT_443_TCP KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT LANG LANGUAGE LC_ALL LESS LINES LOGNAME LS_COLORS ' +
      'MAIL MANPATH NODE NODE_COMPILE_CACHE NODE_EXTRA_CA_CERTS NODE_OPTIONS NODE_PATH NODE_VERSION NO_PROXY NPM_TOKEN OLDPWD ' +
      'PAGER PATH PGDATA PGDATABASE PGHOST PGPASSWORD PGPORT PGUSER POSTRIDER_PORT POSTRIDER_PORT_3000_TCP ' +
      'POSTRIDER_SERVICE_HOST POSTRIDER_SERVICE_PORT PS1 PWD SHELL SHLVL SSH_AUTH_SOCK SSL_CERT_FILE TEMP TERM TMP TMPDIR TZ UID ' +
      'USER USERNAME VISUAL WS_PORT XDG_DATA_DIRS XDG_RUNTIME_DIR YARN_VERSION npm_config_cache npm_lifecycle_event';
    expect(unknownVariables(common.split(' '))).toEqual([]);
  });

  it('is none of those that are', () => {
    expect(unknownVariables(Object.keys(ENVIRONMENT_SCHEMA.shape))).toEqual([]);
  });
});
