import type { Progress } from '../instance';

/** How long something took, in seconds with a tenth. */
export interface Phase {
  readonly name: string;
  readonly seconds: number;
}

/** Runs phases one after the other, tells of each as it begins and ends, and remembers how long it took. */
export class Timeline {
  readonly #phases: Phase[] = [];
  readonly #started = performance.now();

  constructor(private readonly progress: Progress) {}

  get phases(): readonly Phase[] {
    return [...this.#phases];
  }

  async phase<T>(name: string, work: () => Promise<T>): Promise<T> {
    const begin = performance.now();
    this.progress(`${this.clock()}  ${name} …`);
    try {
      return await work();
    } finally {
      const seconds = tenth((performance.now() - begin) / 1000);
      this.#phases.push({ name, seconds });
      this.progress(`${this.clock()}  ${name}: ${seconds.toFixed(1)} s`);
    }
  }

  private clock(): string {
    const total = Math.floor((performance.now() - this.#started) / 1000);
    return `[${String(Math.floor(total / 60)).padStart(2, '0')}:${String(total % 60).padStart(2, '0')}]`;
  }
}

export function tenth(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
