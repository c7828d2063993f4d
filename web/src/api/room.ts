// The situation room.

import { type Given, query, request, send } from "./client";
import type {
  DecisionCard, DecisionReport, Decisions, DecisionWanted, Drills, DutyWanted, IncidentAction, IncidentCard, Incidents, IncidentWanted, Journal, JournalWanted, MinuteLine, MorningText, Numbered, Procedure, Reviews,
} from "./types";

export const procedures = () => request<Procedure[]>("/api/procedures");
export const incidents = (wanted: Given) => request<Incidents>(`/api/incidents${query(wanted)}`);
export const incident = (n: number) => request<IncidentCard>(`/api/incidents/${n}`);
export const openIncident = (wanted: IncidentWanted) => request<Numbered>("/api/incidents", send("POST", wanted));
export const actOnIncident = (n: number, action: IncidentAction) => request<Numbered>(`/api/incidents/${n}/actions`, send("POST", action));
export const settleStep = (n: number, step: string, state: "done" | "skipped", note: string) =>
  request<void>(`/api/incidents/${n}/steps/${encodeURIComponent(step)}`, send("PUT", { state, note }));
export const attachFile = (n: number, file: File) =>
  request<unknown>(`/api/incidents/${n}/files${query({ name: file.name })}`, { method: "POST", body: file });
export const filePath = (n: number, digest: string): string => `/api/incidents/${n}/files/${digest}`;

export const decisions = (wanted: Given) => request<Decisions>(`/api/decisions${query(wanted)}`);
export const decision = (n: number) => request<DecisionCard>(`/api/decisions/${n}`);
export const decide = (wanted: DecisionWanted) => request<Numbered>("/api/decisions", send("POST", wanted));
export const reportDecision = (n: number, report: DecisionReport) => request<void>(`/api/decisions/${n}`, send("PUT", report));

export const journal = () => request<Journal>("/api/journal");
export const writeJournal = (entry: JournalWanted) => request<Numbered>("/api/journal", send("POST", entry));
export const putDuty = (duty: DutyWanted) => request<Numbered>("/api/journal/duty", send("POST", duty));
export const endDuty = (n: number) => request<void>(`/api/journal/duty/${n}`, send("DELETE"));

export const reviews = () => request<Reviews>("/api/review");
export const beginReview = (title: string, present: string) => request<Numbered>("/api/review", send("POST", { title, present }));
export const minute = (n: number, line: MinuteLine) => request<void>(`/api/review/${n}/minutes`, send("POST", line));
export const closeReview = (n: number) => request<void>(`/api/review/${n}`, send("PUT", {}));

export const morning = (wanted: Given) => request<MorningText>(`/api/morning${query(wanted)}`);

export const drills = () => request<Drills>("/api/drills");
export const startDrill = (scenario: string, seed: number) => request<Numbered>("/api/drills", send("POST", { scenario, seed }));
