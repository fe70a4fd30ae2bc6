import { toValue, watchEffect, type MaybeRefOrGetter } from 'vue';

/** The document's title: "Page · Showrunner". */
export function usePageTitle(page: MaybeRefOrGetter<string>): void {
  watchEffect(() => {
    const name = toValue(page);
    document.title = name ? `${name} · Showrunner` : 'Showrunner';
  });
}
