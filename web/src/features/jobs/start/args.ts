import { computed, ref, toValue, watch, type MaybeRefOrGetter } from 'vue';
import type { FieldError, JobType } from '@/api/types';
import { fieldsOf, readArgs, readJson, takesAnything, valuesOf, type ArgValues } from './schema-form';

/** The arguments of a job being written: values, what is wrong with them, and what the server says of them. */
export function useArgs(type: MaybeRefOrGetter<JobType | undefined>) {
  const values = ref<ArgValues>({});
  const json = ref('');
  const submitted = ref(false);
  const serverErrors = ref<Record<string, string>>({});

  const schema = computed(() => toValue(type)?.args_schema ?? {});
  const fields = computed(() => fieldsOf(schema.value));
  const free = computed(() => fields.value.length === 0 && takesAnything(schema.value));
  const read = computed(() => {
    if (!free.value) return readArgs(fields.value, values.value);
    const whole = readJson(json.value);
    return 'error' in whole
      ? { args: {}, errors: { args: whole.error } }
      : { args: whole.args, errors: {} as Record<string, string> };
  });
  const errors = computed<Record<string, string>>(() => ({
    ...serverErrors.value,
    ...(submitted.value ? read.value.errors : {}),
  }));

  function load(args: Record<string, unknown> = {}): void {
    values.value = valuesOf(fields.value, args);
    json.value = Object.keys(args).length ? JSON.stringify(args, null, 2) : '';
    submitted.value = false;
    serverErrors.value = {};
  }
  watch([values, json], () => (serverErrors.value = {}), { deep: true });

  /** The arguments, or null when they are not fit to be sent. */
  function submit(): Record<string, unknown> | null {
    submitted.value = true;
    return Object.keys(read.value.errors).length ? null : read.value.args;
  }

  /** Takes what the server says of the arguments; what is about something else is given back. */
  function take(errors: readonly FieldError[]): FieldError[] {
    const names = new Set(free.value ? ['args'] : fields.value.map(({ name }) => name));
    const rest: FieldError[] = [];
    for (const error of errors) {
      const name = error.field.replace(/^args\./, '');
      if (names.has(name)) serverErrors.value[name] = `This ${error.message.replace(/\.?$/, '.')}`;
      else rest.push(error);
    }
    return rest;
  }

  return { values, json, fields, free, errors, load, submit, take };
}
