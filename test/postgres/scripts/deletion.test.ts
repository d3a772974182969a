import { Lab } from './lab';
import { describeWithPostgres } from './tools';

/** What `judge_repositories` says when `info` saw no stanza, and the bucket has versions of one. */
describeWithPostgres('a repository in which nothing was seen, and which has versions', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.create();
  });
  afterAll(() => lab?.dispose());

  /** @param codes of the stanza, as `info` tells them one after the other */
  const judged = async (...[first, second]: readonly [number, number]): Promise<string> => {
    const script = [
      'source scripts/lib.sh; source scripts/cause.sh; source scripts/repositories.sh; trap - EXIT ERR',
      `INFO='{"repo":[{"key":1,"status":{"code":${first}}}]}' DELETED_PAUSE=0`,
      'were_deleted() { return 0; }',
      'list_archive() { :; }',
      `read_info() { INFO='{"repo":[{"key":1,"status":{"code":${second}}}]}'; }`,
      'judge_repositories 5; printf %s "$FACT_REPOSITORIES"',
    ].join('\n');
    const { stderr, stdout } = await lab.run(['bash', '-c', script, 'test'], lab.podEnvironment);
    expect(stderr).toBe('');
    return stdout;
  };

  test.each([1, 3])('was emptied when it goes on telling %s', async (code) => {
    expect(await judged(code, code)).toBe('deleted');
  });
  test.each([1, 3])('was being made when it tells %s, and then of a stanza', async (code) => {
    expect(await judged(code, 2)).toBe('history');
    expect(await judged(code, 0)).toBe('backup');
  });
});
