import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Folder {
  readonly uid: string;
  readonly title: string;
  readonly parentUid?: string;
}
export interface Stored {
  readonly dashboard: Readonly<Record<string, unknown>> & { readonly uid: string; readonly title: string };
  readonly folderUid: string;
  readonly provisioned: boolean;
  readonly updated: string;
}
interface Answer {
  readonly status: number;
  /** As it is, if it is a string. */
  readonly body: unknown;
}

/** As much of Grafana's API as the scripts speak to, with the shapes and statuses that its documentation shows. */
export class FakeGrafana {
  static async start(): Promise<FakeGrafana> {
    const grafana = new FakeGrafana();
    await new Promise<void>((resolve) => grafana.server.listen(0, '127.0.0.1', resolve));
    return grafana;
  }

  readonly folders = new Map<string, Folder>();
  readonly dashboards = new Map<string, Stored>();
  /** Roles by token. */
  readonly tokens = new Map([
    ['glsa_viewer', 'Viewer'],
    ['glsa_editor', 'Editor'],
  ]);
  readonly requests: string[] = [];
  /** Answers in its place, where it says so. */
  intercept: (method: string, path: string) => Answer | undefined = () => undefined;
  /** Of what is written. */
  clock = '2026-05-04T10:00:00Z';
  private ids = 100;
  private readonly server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      this.requests.push(`${method} ${url}`);
      const { status, body: answer } =
        this.intercept(method, url) ?? this.answer(method, url, headers.authorization, body);
      response
        .writeHead(status, {
          'content-type': typeof answer === 'string' ? 'text/html' : 'application/json; charset=UTF-8',
        })
        .end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
  });

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** As somebody makes it in the browser. */
  make(
    uid: string,
    different: Partial<Omit<Stored, 'dashboard'>> & {
      readonly title?: string;
      readonly panels?: readonly object[];
    } = {},
  ): void {
    const {
      folderUid = '',
      panels = [],
      provisioned = false,
      title = `Dashboard ${uid}`,
      updated = this.clock,
    } = different;
    const version = Number(this.dashboards.get(uid)?.dashboard['version'] ?? 0) + 1;
    this.ids += 1;
    const dashboard = { id: this.ids, uid, title, tags: ['team'], panels, schemaVersion: 39, version };
    this.dashboards.set(uid, { dashboard, folderUid, provisioned, updated });
  }

  folder(uid: string, title: string, parentUid?: string): void {
    this.folders.set(uid, { uid, title, ...(parentUid === undefined ? {} : { parentUid }) });
  }

  private answer(method: string, url: string, authorization = '', body: string): Answer {
    const { pathname, searchParams } = new URL(url, 'http://grafana');
    if (pathname === '/api/health') return { status: 200, body: { database: 'ok', version: '11.6.0' } };
    const role = this.tokens.get(authorization.replace(/^Bearer /, ''));
    if (role === undefined) return { status: 401, body: { message: 'Invalid API key', statusCode: 401 } };
    const page = <T>(all: readonly T[]): Answer => {
      const limit = Number(searchParams.get('limit') ?? 1000);
      const from = (Number(searchParams.get('page') ?? 1) - 1) * limit;
      return { status: 200, body: all.slice(from, from + limit) };
    };
    if (method === 'POST' && role === 'Viewer')
      return {
        status: 403,
        body: {
          message: "You'll need additional permissions to perform this action.",
          title: 'Access denied',
        },
      };
    const route = `${method} ${pathname.replace(/^\/api\/(folders|dashboards\/uid)\/.+$/, '/api/$1/:uid')}`;
    const uid = decodeURIComponent(pathname.split('/').at(-1) ?? '');
    switch (route) {
      case 'GET /api/search':
        return page(
          [...this.dashboards.values()].map(({ dashboard, folderUid }) => ({
            id: dashboard['id'],
            uid: dashboard.uid,
            title: dashboard.title,
            url: `/d/${dashboard.uid}/x`,
            type: 'dash-db',
            tags: dashboard['tags'],
            isStarred: false,
            ...(folderUid === '' ? {} : { folderUid, folderTitle: this.folders.get(folderUid)?.title }),
          })),
        );
      case 'GET /api/folders':
        return page(
          [...this.folders.values()].filter(
            (one) => (one.parentUid ?? '') === (searchParams.get('parentUid') ?? ''),
          ),
        );
      case 'GET /api/folders/:uid': {
        const found = this.folders.get(uid);
        return found === undefined
          ? { status: 404, body: { message: 'folder not found' } }
          : { status: 200, body: found };
      }
      case 'POST /api/folders':
        return this.makeFolder(JSON.parse(body) as Folder);
      case 'GET /api/dashboards/uid/:uid': {
        const found = this.dashboards.get(uid);
        if (found === undefined) return { status: 404, body: { message: 'Dashboard not found' } };
        const { dashboard, ...meta } = found;
        return {
          status: 200,
          body: {
            meta: {
              isStarred: false,
              slug: 'x',
              version: dashboard['version'],
              created: meta.updated,
              updatedBy: 'ann',
              ...meta,
            },
            dashboard,
          },
        };
      }
      case 'POST /api/dashboards/db':
        return this.save(JSON.parse(body) as Parameters<FakeGrafana['save']>[0]);
      default:
        return { status: 404, body: { message: 'Not found' } };
    }
  }

  private makeFolder({ parentUid, title, uid }: Folder): Answer {
    if (parentUid !== undefined && !this.folders.has(parentUid))
      return { status: 404, body: { message: 'folder not found' } };
    const beside = [...this.folders.values()].some(
      (one) => one.title === title && one.parentUid === parentUid,
    );
    if (beside)
      return {
        status: 409,
        body: { message: 'a folder with the same name already exists in the current location' },
      };
    if (this.folders.has(uid))
      return {
        status: 412,
        body: { message: 'The folder has been changed by someone else', status: 'version-mismatch' },
      };
    this.folder(uid, title, parentUid);
    return { status: 200, body: this.folders.get(uid) };
  }

  private save({
    dashboard,
    folderUid = '',
    overwrite = false,
  }: {
    dashboard: Stored['dashboard'] & { id: null | number; version?: number };
    folderUid?: string;
    overwrite?: boolean;
  }): Answer {
    const { id, uid, title } = dashboard;
    if (id !== null) return { status: 404, body: { message: 'Dashboard not found', status: 'not-found' } };
    if (folderUid !== '' && !this.folders.has(folderUid))
      return { status: 400, body: { message: 'folder not found' } };
    const known = this.dashboards.get(uid);
    if (known?.provisioned === true)
      return { status: 400, body: { message: 'Cannot save provisioned dashboard' } };
    if (known !== undefined && !overwrite && dashboard.version !== known.dashboard['version'])
      return {
        status: 412,
        body: { message: 'The dashboard has been changed by someone else', status: 'version-mismatch' },
      };
    const namesake = [...this.dashboards.values()].some(
      (one) => one.dashboard.title === title && one.folderUid === folderUid && one.dashboard.uid !== uid,
    );
    if (namesake && !overwrite)
      return {
        status: 412,
        body: {
          message: 'A dashboard with the same name in the folder already exists',
          status: 'name-exists',
        },
      };
    const version = Number(known?.dashboard['version'] ?? 0) + 1;
    this.ids += 1;
    this.dashboards.set(uid, {
      dashboard: { ...dashboard, id: this.ids, version },
      folderUid,
      provisioned: false,
      updated: this.clock,
    });
    return {
      status: 200,
      body: { id: this.ids, uid, url: `/d/${uid}/x`, status: 'success', version, slug: 'x' },
    };
  }
}
