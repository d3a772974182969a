import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const SCRIPT = join(__dirname, '../../../constructs/object-storage/scripts/cause.sh');

function explain(text: string): { code: string; cause: string; fix: string } {
  const program =
    'set -euo pipefail; STANZA=main TLS_DIR=/run/secrets/tls; source "$1"; explain "$(cat)"; printf "%s\\0" "$CAUSE_CODE" "$CAUSE" "$CAUSE_FIX"';
  const output = execFileSync('bash', ['-c', program, 'test', SCRIPT], { input: text, encoding: 'utf8' });
  const [code = '', cause = '', fix = ''] = output.split('\0');
  return { code, cause, fix };
}

const misleading = [
  'ERROR: [056]: unable to find primary cluster - cannot proceed',
  '       HINT: are all available clusters in recovery?',
].join('\n');
const warned = (text: string) => `WARN: unable to check pg1: ${text}\n${misleading}`;

describe("what pgBackRest's messages mean", () => {
  // Each of these was printed by pgBackRest 2.45 or 2.55 in the situation it stands for.
  const messages: [string, string][] = [
    [
      'key',
      '[ProtocolError] HTTP request failed with 403 (Forbidden):\n<Error><Code>SignatureDoesNotMatch</Code>',
    ],
    [
      'key',
      '[ProtocolError] HTTP request failed with 403 (Forbidden):\n<Error><Code>InvalidAccessKeyId</Code>',
    ],
    [
      'damaged',
      "ERROR: [026]: raised from local-1 protocol: error restoring '/data/base/4/2658': actual checksum '15b8' does not match expected checksum '2989'",
    ],
    [
      'damaged',
      "ERROR: [055]: raised from local-1 protocol: unable to open missing file '/repo1/backup/main/20261121-122725F/bundle/1' for read",
    ],
    [
      'full',
      'ERROR: [103]: [ServiceError] [507] Insufficient Storage:\n<Error><Code>XMinioStorageFull</Code>',
    ],
    ['promoted', 'ERROR: [058]: WAL timeline 2 does not match pg_control timeline 1'],
    [
      'timeline',
      "ERROR: [055]: unable to open missing file '/test/shop/archive/main/17-1/00000007.history' for read",
    ],
    ['access', '[ProtocolError] HTTP request failed with 403 (Forbidden):\n<Error><Code>AccessDenied</Code>'],
    [
      'clock',
      '[ProtocolError] HTTP request failed with 403 (Forbidden):\n<Error><Code>RequestTimeTooSkewed</Code>',
    ],
    [
      'clock',
      "[CryptoError] unable to verify certificate presented by 'localhost:9000': [9] certificate is not yet valid",
    ],
    [
      'clock',
      "ERROR: [029]: new backup label '20261121-120000F' is not later than latest backup label '20261121-130000F'\nHINT: has the timezone changed?\nHINT: is there clock skew?",
    ],
    ['unreachable', '[ServiceError] TLS error [1:167772454] unexpected eof while reading'],
    [
      'unreachable',
      "ERROR: 'vault.test:443' answered status 000  curl: (56) OpenSSL SSL_read: error:0A000126:SSL routines::unexpected eof while reading, errno 0",
    ],
    [
      'unreachable',
      "ERROR: [082]: unable to push WAL file '000000010000000000000002' to the archive asynchronously after 60 second(s)",
    ],
    ['bucket', '[ProtocolError] HTTP request failed with 404 (Not Found):\n<Error><Code>NoSuchBucket</Code>'],
    [
      'name',
      "[HostConnectError] unable to get address for 'nowhere.invalid': [-2] Name or service not known",
    ],
    ['unreachable', "[HostConnectError] unable to connect to 'localhost:1': [111] Connection refused"],
    [
      'certificate',
      "[CryptoError] unable to verify certificate presented by 'localhost:9000': [18] self-signed certificate",
    ],
    [
      'certificate',
      "[CryptoError] unable to find hostname '127.0.0.1' in certificate common name or subject alternative names",
    ],
    [
      'files',
      '[CryptoError] unable to set user-defined CA certificate location: [2147483650] no details available',
    ],
    [
      'passphrase',
      "[FormatError] unable to load info file '/r/backup.info'\nFormatError: key/value found outside of section at line 1: 4\u0001\u0007",
    ],
    [
      'passphrase',
      '[CryptoError] unable to load info file\nCryptoError: unable to flush\nHINT: is or was the repo encrypted?',
    ],
    [
      'permission',
      "[PathOpenError] unable to list file info for path '/root/x/backup': [13] Permission denied",
    ],
    ['config', 'ERROR: [037]: info command requires option: repo1-cipher-pass'],
    [
      'locked',
      "ERROR: [050]: unable to acquire lock on file '/tmp/main-backup.lock': Resource temporarily unavailable\n HINT: is another pgBackRest process running?",
    ],
    ['stopped', 'ERROR: [062]: stop file exists for stanza main'],
    [
      'mismatch',
      'ERROR: [028]: backup and archive info files exist but do not match the database\n HINT: is this the correct stanza?',
    ],
    ['certificate', warned('[ServiceError] TLS error [1:167773203] sslv3 alert unsupported certificate')],
    [
      'certificate',
      warned(
        "[CryptoError] unable to verify certificate presented by 'db:8432': [19] self-signed certificate in certificate chain",
      ),
    ],
    [
      'files',
      warned(
        "[CryptoError] unable to load key file '/run/secrets/tls/client.key': [92274804] key values mismatch",
      ),
    ],
    ['client', warned('[AccessError] access denied')],
    [
      'server',
      warned(
        '[DbConnectError] raised from remote-0 tls protocol on \'db\': unable to connect: connection to server on socket "/s/.s.PGSQL.5432" failed: No such file or directory',
      ),
    ],
    ['server', warned('[DbConnectError] raised from remote-0: FATAL:  the database system is starting up')],
    [
      'server',
      warned(
        '[DbConnectError] raised from remote-0: FATAL:  the database system is not accepting connections',
      ),
    ],
    ['server', misleading],
    ['server', 'ERROR: [027]: no database found\n       HINT: check indexed pg-path/pg-host configurations'],
    ['unknown', 'ERROR: [099]: something never seen'],
  ];

  test.each(messages.map(([code, text]) => [code, text.split('\n')[0]?.slice(0, 90), text] as const))(
    '%s: %s',
    (code, _, text) => {
      const explained = explain(text);
      expect(explained.code).toBe(code);
      expect(explained.cause).not.toBe('');
      expect(explained.fix).not.toBe('');
      expect(explained.cause).not.toMatch(/\n/);
    },
  );

  test('an unknown message is shown as it is', () => {
    expect(explain('ERROR: [099]: something never seen').cause).toContain('something never seen');
  });

  test('the host that was tried is named', () => {
    expect(
      explain("[HostConnectError] unable to connect to 'vault.test:443': [111] Connection refused").cause,
    ).toContain('to vault.test:443');
  });

  test('the host that was tried is named in the newer form too', () => {
    const text =
      "[CryptoError] unable to verify certificate presented by 'vault.test:443 (192.0.2.7)': [20] unable";
    expect(explain(text).cause).toContain('TLS certificate of vault.test:443 is');
  });

  test('nothing at all is survived', () => {
    expect(explain('').code).toBe('unknown');
  });
});
