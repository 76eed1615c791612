/**
 * The largest of some numbers from 0 up; 0 for none. A list of versions or of passages may be longer than
 * the arguments that a call takes.
 */
export function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), 0);
}
