/** Which methods each path allows; used to answer a request with another method. */
export class RouteTable {
  private readonly routes: { readonly method: string; readonly steps: readonly string[] }[] = [];

  add(methods: string | readonly string[], path: string): void {
    for (const method of [methods].flat()) this.routes.push({ method, steps: path.split('/') });
  }

  /** The methods of every route that matches a request's path, OPTIONS included; empty if there is no such path. */
  methodsAt(path: string): string[] {
    const steps = path.split('/');
    const methods = new Set(this.routes.filter((route) => fits(route.steps, steps)).map((route) => route.method));
    return methods.size === 0 ? [] : [...methods.add('OPTIONS')].toSorted();
  }
}

function fits(pattern: readonly string[], steps: readonly string[]): boolean {
  if (pattern.at(-1) === '*') return pattern.slice(0, -1).every((step, index) => fitsStep(step, steps[index]));
  return pattern.length === steps.length && pattern.every((step, index) => fitsStep(step, steps[index]));
}

function fitsStep(pattern: string, step: string | undefined): boolean {
  return pattern.startsWith(':') ? Boolean(step) : pattern === step;
}
