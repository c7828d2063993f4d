// Shapes of the wire. Those that are read as they come are generated from the server's document (`npm run gen`), so that a
// change there is a fault here; those by hand say more than the document does. Only types: every folder may import these.

import type { Draft } from "../lib/draft";
import type { components } from "./openapi.gen";

type Wire = components["schemas"];
export type Session = Wire["Session"];
export type ModelRun = Wire["ModelRun"];
export type User = Wire["User"];
export type UserWanted = Wire["UserWanted"];
export type OneTimePassword = Wire["OneTimePassword"];
export type Token = Wire["Token"];
export type TokenWanted = Wire["TokenWanted"];
export type NewToken = Wire["NewToken"];
export type Audit = Wire["Audit"];
export type Imported = Wire["Imported"];
export type MappingTrial = Wire["MappingTrial"];
/** What is offered for a file; the mapping and the table are edited by `lib/draft`. */
export type MappingOffer = Omit<Wire["MappingOffer"], "spec" | "mapping"> & Draft;
export type Schedules = Wire["Schedules"];
export type Quarantine = Wire["Quarantine"];
export type QuarantineRow = Wire["QuarantineRow"];
export type RetryReport = Wire["RetryReport"];
export type RetryWanted = Wire["RetryWanted"];
export type Alarm = Wire["Alarm"];
export type Alarms = Wire["Alarms"];
export type AlarmFound = Wire["AlarmFound"];
export type AlarmRule = Wire["AlarmRule"];
export type AlarmWindow = Wire["AlarmWindow"];
export type AlarmWindowWanted = Wire["AlarmWindowWanted"];
export type AlarmWord = Wire["AlarmWord"];
export type Layer = Omit<Wire["Layer"], "kind" | "bounds"> & { kind: "points" | "lines" | "areas" | "cells"; bounds: [number, number, number, number] | null };
export type ObjectCard = Wire["Object"];
export type InsideGroup = Wire["Inside"];
export type Found = Wire["Found"];
export type SqlTable = Wire["SqlTable"];
export type Programme = Wire["Programme"];
export type ProgrammeOwner = Wire["ProgrammeOwner"];
export type ProgrammeTarget = Wire["ProgrammeTarget"];
export type OwnerToday = Wire["OwnerToday"];
export type Procedure = Wire["Procedure"];
export type Incident = Wire["Incident"];
export type Incidents = Wire["Incidents"];
export type IncidentCard = Wire["IncidentCard"];
export type IncidentStep = Wire["IncidentStep"];
export type IncidentWanted = Wire["IncidentWanted"];
export type IncidentAction = Wire["IncidentAction"];
export type Decision = Wire["Decision"];
export type Decisions = Wire["Decisions"];
export type DecisionCard = Wire["DecisionCard"];
export type DecisionWanted = Wire["DecisionWanted"];
export type DecisionReport = Wire["DecisionReport"];
export type Journal = Wire["Journal"];
export type JournalWanted = Wire["JournalWanted"];
export type DutyWanted = Wire["DutyWanted"];
export type Reviews = Wire["Reviews"];
export type ReviewCard = Wire["ReviewCard"];
export type AgendaPoint = Wire["AgendaPoint"];
export type MinuteLine = Wire["MinuteLine"];
export type MorningText = Wire["MorningText"];
export type Drills = Wire["Drills"];
export type Numbered = Wire["Numbered"];

export interface Text { kk: string; ru: string; en: string }

export interface Targets { target: number; limit: number; hysteresis: number }

export interface Indicator {
  id: string;
  subject: string;
  title: Text;
  question: Text;
  decision: Text;
  unit: string;
  better: "lower" | "higher" | "neither";
  grains: string[];
  owner_function: string;
  owner: Text | null;
  targets: Targets | null;
}

export interface Column { name: string; type: string; unit: string | null; title: Text }

export interface Dataset { name: string; subject: string; kind: "event" | "snapshot" | "state"; title: Text; columns: Column[] }

export interface Catalog { city: Text; zone: string; now: string; version: string; indicators: Indicator[]; datasets: Dataset[]; model_runs: ModelRun[] }

export type Status = "on_target" | "watch" | "off_target" | "unknown";

/** A row of `indicator_values`. */
export interface Value {
  indicator: string;
  place: string;
  grain: string;
  period_start: string;
  period_end: string;
  value: number | null;
  unit: string;
  lower: number | null;
  upper: number | null;
  numerator: number | null;
  denominator: number | null;
  row_count: number | null;
  coverage: number | null;
  reason: string | null;
  status: Status | null;
  simulated: boolean;
  computed_at: string;
  definition_hash: string;
  schema_hash: string;
  inputs: string | null;
  value_digest: string;
  _received_at?: string;
}

export interface Values { indicator: string; grain: string; values: Value[] }

export interface Place {
  place_id: string;
  kind: string;
  name_kk: string;
  name_ru: string;
  name_en: string;
  parent_id: string | null;
  simulated: boolean;
}

export interface Message {
  id: number;
  feed: string;
  kind: string;
  name: string;
  digest: string;
  received: number;
  accepted: number;
  duplicate: number;
  quarantined: number;
  _received_at: string | null;
}

export interface Verdict { verdict: "equal" | "different" | "definition_changed" | "rows_gone"; recomputed?: number | null; digest?: string }

export interface Passport { value: Value; sql: string; messages: Message[]; history: Value[]; verdict?: Verdict }

export interface Hours { from: string; to: string; working_days: boolean }

export interface Contact { name: Text; phone: string | null; email: string | null; simulated: boolean; valid_from: string; valid_to?: string | null }

export interface Silence { device: string; since: string }

export type Standing = "kept" | "late" | "stopped" | "never" | "free";

export interface Obligation {
  state: Standing;
  since: string | null;
  due: string | null;
  cadence_s: number | null;
  grace_s: number | null;
  hours: Hours | null;
  last_arrival: string | null;
  last_event: string | null;
  kept_7d: number | null;
  kept_30d: number | null;
  owner_function: string;
  function: Text | null;
  department_id: string | null;
  department: Text | null;
  contact: Contact | null;
  devices: number | null;
  silent_devices: number;
  silent: Silence[];
}

export interface Transport {
  kind: string;
  asked: string | null;
  answered: string | null;
  changed: string | null;
  failures: number;
  next: string | null;
}

export interface Feed {
  id: string;
  kind: string;
  title: Text;
  simulated: boolean;
  cadence_s: number | null;
  owner_function: string;
  licence: string;
  last_received: string | null;
  messages: number;
  received: number;
  accepted: number;
  duplicate: number;
  quarantined: number;
  last_answered?: string;
  error?: string;
  obligation?: Obligation | null;
  transport?: Transport | null;
}

export interface FeedDay {
  day: string;
  promised: number;
  kept: number;
  messages: number;
  received: number;
  accepted: number;
  duplicate: number;
  quarantined: number;
}

export type Cell = string | number | boolean | null;
export type Row = Record<string, Cell>;

export interface FeedHistory {
  id: string;
  title: Text;
  simulated: boolean;
  obligation: Obligation | null;
  days: FeedDay[];
  changes: Row[];
  contacts: Contact[];
}

/** A row of `feeds_trust`. */
export interface TrustMeasure { feed: string; day: string; measure: string; fault: string; value: number | null; n: number; devices: number; simulated: boolean }

export interface DatasetEntry { name: string; subject: string; kind: string; title: Text; description: Text | null; rows: number }

export interface Source { id: number; feed: string; kind: string; name: string; received_at: string; simulated: boolean }

export interface Rows {
  dataset: Dataset;
  description: Text | null;
  hidden: number;
  total: number;
  seq: number;
  rows: Row[];
  sources: Source[];
}

export interface Demo {
  seed: number;
  phase: string;
  done: number;
  expected: number;
  rows: number;
  behind_s: number;
  speed: number;
  catches_up?: string;
  gap_from?: string;
  gap_to?: string;
  disk_bytes: number;
  error?: string;
}

export interface Storage { dataset: string; bytes: number; rows: number; full_on: string | null }

export interface CentreStatus { seq: number; committed_seq: number; tail_bytes: number; disk_free_bytes: number; now: string; storage: Storage[]; /** Ranges of periods that are due and not computed yet. */ values_due?: number; demo?: Demo }

export type Role = "public" | "staff" | "operator" | "analyst" | "administrator";

export interface Property { name: string; title?: Text; value: Cell; unit?: string | null }

export interface SqlResult { columns: { name: string; type: string }[]; rows: Cell[][]; truncated: boolean; seq: number; took_ms: number }

export interface VehicleItem { id: string; route?: string | null; lon: number; lat: number; bearing?: number | null }

export interface VehicleEvent { t: string | null; seq: number; items: VehicleItem[] }

export interface TileJson { tiles: string[]; minzoom?: number; maxzoom?: number; bounds?: [number, number, number, number]; vector_layers?: { id: string }[] }

/** `event: values`: a value of the present period changed. */
export interface ValueEvent { indicator: string; place: string; period_start: string; value: number | null; grain?: string; status?: Status | null; lower?: number | null; upper?: number | null }
