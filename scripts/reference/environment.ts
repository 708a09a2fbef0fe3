/** Every variable the program reads, for people. test/docs checks that it really does. */
export const ENVIRONMENT: readonly { readonly name: string; readonly meaning: string }[] = [
  { name: 'AKOOL_API_KEY', meaning: 'The key of the account.' },
  { name: 'AKOOL_API_KEY_FILE', meaning: 'A file that holds the key.' },
  { name: 'AKOOL_BASE_URL', meaning: "Address of the vendor; the account's `base_url`." },
  { name: 'HEADSWAP_LEDGER', meaning: '`sqlite:FILE` or `postgres://...`; `ledger`.' },
  { name: 'HEADSWAP_METRICS', meaning: '`HOST:PORT` where `up` and `worker` serve Prometheus metrics; `metrics`.' },
  { name: 'HEADSWAP_STORAGE', meaning: '`file:FOLDER`; `storage`.' },
  {
    name: 'HEADSWAP_ALLOW_PRIVATE_HOSTS',
    meaning: '`1`: URLs may point at private and loopback addresses; `allow_private_hosts`.',
  },
  { name: 'HEADSWAP_OPERATOR', meaning: 'Who is written beside every action. Else user@host.' },
  { name: 'HEADSWAP_PLAIN', meaning: 'Anything: no redrawing of the terminal, one line per event.' },
  { name: 'NO_COLOR', meaning: 'Anything: no colour.' },
  { name: 'FORCE_COLOR', meaning: 'Anything but `0`: colour also off a terminal.' },
  {
    name: 'TEMPORAL_ADDRESS',
    meaning: 'A Temporal server of your own, `host:port`. Then neither engine nor worker is started here.',
  },
  { name: 'TEMPORAL_NAMESPACE', meaning: 'Its namespace, which has to exist.' },
  { name: 'TEMPORAL_API_KEY', meaning: 'Its key, for Temporal Cloud.' },
  { name: 'TEMPORAL_PROFILE', meaning: "A profile of Temporal's configuration file." },
  { name: 'TEMPORAL_CONFIG_FILE', meaning: 'That file, if it is not at its usual place.' },
  { name: 'TEMPORAL_CLI_PATH', meaning: 'A Temporal CLI for the embedded engine, instead of the one set-up provides.' },
];
