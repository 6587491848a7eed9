/** Small parts that every page uses. */
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icons.tsx";

export function Spinner({ label }: { label: string }) {
  return (
    <div class="spinner" role="status" aria-label={label}>
      <span />
      <span />
      <span />
    </div>
  );
}

export function ProgressBar(
  { value, label, testId }: { value: number; label: string; testId?: string },
) {
  const percent = Math.round(Math.min(1, Math.max(0, value)) * 100);
  return (
    <div
      class="progress"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      data-testid={testId}
    >
      <div style={{ width: `${percent}%` }} />
    </div>
  );
}

export interface Option<Value> {
  value: Value;
  label: string;
  testId?: string;
}

/** One of a few: a row of buttons that a gamepad can walk. */
export function Choice<Value extends string | number | boolean | null>(
  { label, options, value, onChange }: {
    label: string;
    options: Option<Value>[];
    value: Value;
    onChange: (value: Value) => void;
  },
) {
  return (
    <div class="choice" role="radiogroup" aria-label={label}>
      <span class="choice-label">{label}</span>
      <div class="choice-options">
        {options.map((option) => (
          <button
            key={String(option.value)}
            type="button"
            role="radio"
            aria-checked={option.value === value}
            data-testid={option.testId}
            onClick={() => onChange(option.value)}
          >
            {option.label}
          </button>
        ))}
      </div>
    </div>
  );
}

export function Notice(
  { kind, children, testId }: {
    kind: "info" | "warning" | "error";
    children: ComponentChildren;
    testId?: string;
  },
) {
  const icon: IconName = kind === "info" ? "check" : "warning";
  return (
    <p
      class={`notice notice-${kind}`}
      role={kind === "error" ? "alert" : "status"}
      data-testid={testId}
    >
      <Icon name={icon} />
      <span>{children}</span>
    </p>
  );
}

/** A labelled text field of a form. */
export function Field(
  { label, hint, testId, value, onInput, ...input }: {
    label: string;
    hint?: string;
    testId: string;
    value: string;
    onInput: (value: string) => void;
    type?: "text" | "password";
    autocomplete?: string;
    autofocus?: boolean;
    required?: boolean;
    minLength?: number;
    maxLength?: number;
    placeholder?: string;
    code?: boolean;
  },
) {
  return (
    <label class={`field${input.code ? " field-code" : ""}`}>
      <span class="field-label">{label}</span>
      <input
        type={(input.type ?? "text") as "text"}
        data-testid={testId}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
        autocomplete={input.autocomplete ?? "off"}
        data-autofocus={input.autofocus ? "" : undefined}
        required={input.required}
        minLength={input.minLength}
        maxLength={input.maxLength}
        placeholder={input.placeholder}
        autocapitalize={input.code ? "characters" : "none"}
        spellcheck={false}
      />
      {hint && <span class="field-hint">{hint}</span>}
    </label>
  );
}

/** Bytes as people read them. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${Math.round(bytes / 1e6)} MB`;
  return `${Math.max(1, Math.round(bytes / 1e3))} KB`;
}
