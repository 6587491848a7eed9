/** zwp_idle_inhibit_manager_v1: there is no screen saver to hold back, so this only takes note. */
import type {
  ZwpIdleInhibitManagerV1Requests,
  ZwpIdleInhibitManagerV1Resource,
} from "./generated/idle-inhibit-unstable-v1.ts";

export class IdleInhibitManager implements ZwpIdleInhibitManagerV1Requests {
  constructor(resource: ZwpIdleInhibitManagerV1Resource) {
    resource.handler = this;
  }

  createInhibitor(): void {}
}
