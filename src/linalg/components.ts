/** Connected components of a graph of a few hundred nodes, by union-find. */
export interface Components {
  /** Nodes a and b hang together. */
  join(a: number, b: number): void
  /** The first node of the component that holds this one. */
  first(node: number): number
  /** Nodes of each component, ascending; components by their first nodes. */
  list(): number[][]
}

/** Of so many nodes, each by itself at first. */
export function components(count: number): Components {
  const parent = Int32Array.from({ length: count }, (_, i) => i)
  const first = (node: number): number => {
    let top = node
    while (parent[top] !== top) top = parent[top] = parent[parent[top]!]! // halves the way for the next
    return top
  }
  return {
    first,
    join(a, b) {
      const [p, q] = [first(a), first(b)]
      parent[Math.max(p, q)] = Math.min(p, q)
    },
    list() {
      const found = new Map<number, number[]>()
      for (let i = 0; i < count; i++) {
        const members = found.get(first(i))
        if (members) members.push(i)
        else found.set(i, [i])
      }
      return [...found.values()]
    },
  }
}
