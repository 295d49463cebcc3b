// When a container is created: start it, wait for its checkpoint, restore it, or refuse. Pure; the whole rule is here.
//
// Rule, fail closed. With the annotation kubectl-migrate.dev/restore a container never starts cold, unless the mark
// `used` says that its memory has already come to life in this very (Pod uid, container).
//
// The state folder of (Pod uid, container), and who writes what, in the order of a good day:
//
//   expected   agent    {"migration": UID, "forecastMs": N}: the target is placed, and its creates wait from now on
//   archive/   agent    the unpacked checkpoint archive
//   go         agent    {"bootId": ID}: archive complete and the source committed; by rename, so never half written
//   abort      agent    do not begin (any content)
//   waiting    here     {"bootId", "container", "at"}: a create began to wait then, so the source may be frozen; stale
//                       when that create was killed; decides nothing
//   claimed    here     {"bootId", "container", "at"}: from now on memory may run; durable before runc is asked
//   used       here     memory runs; every later create is an ordinary cold start
//   failed     here     the report of a restore that failed after `claimed`; decides nothing
//
// What the marks mean together (first row that fits):
//
//   no annotation, or the Pod's sandbox                  exec runc
//   identity missing or under two runtimes' keys         refuse: whose memory would it be?
//   folder not ours alone (owner, mode, symbolic link)   refuse: somebody else may have laid it
//   used                                                 exec runc: a restart, with any other mark beside it
//   folder or `expected` absent                          refuse: a forged annotation, or not prepared yet; the kubelet
//                                                        asks again, and nothing waits on the word of an annotation
//   `expected` unreadable / of another migration         refuse
//   claimed                                              refuse: memory may have run, never a second resume
//   abort                                                refuse
//   go written before this boot                          refuse: what it permitted is for its writer to permit anew
//   less than twice the forecast left of 90 s            refuse: restoring would run into the kubelet's 2 minutes
//   go                                                   restore
//   otherwise                                            wait
//
// The cases that need thought:
//
//   agent restarted                 nothing changes: all of it is on disk, and a waiting create needs no agent
//   a create cancelled in its wait  it left no `claimed`: the kubelet's next create waits and restores as the first
//   a create cancelled after that   `claimed` stays: refused; CRIU may have gone on without us
//   two creates at once             `claimed` is made with O_EXCL: one restores, the other refuses
//   abort against claim             each side writes its own mark first and then reads the other's: an agent that sees
//                                   no `claimed` after writing `abort` knows that nothing will begin
//   node rebooted, claimed          refused: `claimed` is synced before runc is asked, so it survives, and memory may
//                                   have run before the power went
//   node rebooted, only go          refused: memory has not run (no `claimed`), but meanwhile the source may have been
//                                   thawed or its deadline passed; the agent writes `go` anew if it still holds
//   node rebooted, used             exec runc
//   restored, but `used` not        refused from then on (claimed): the container runs, its agent finds both and
//   written (full disk)             writes `used`
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace migrate::runtime {

using std::chrono::milliseconds;

// The kubelet gives a create 2 minutes; the rest is for a restore that takes twice what was forecast.
inline constexpr milliseconds kPatience{90'000};

// Who is created, as the container runtime told it in the annotations of config.json.
struct Identity {
  enum class Kind { container, sandbox, unknown };
  Kind kind = Kind::unknown;
  std::string pod_uid;
  std::string pod;  // NAMESPACE/NAME, for messages only
  std::string container;
  std::string trouble;  // why it is unknown
};

enum class Mark { none, this_boot, earlier_boot };

struct Expectation {
  std::string migration;
  milliseconds forecast{0};
};

// The state folder at one instant.
struct Observation {
  enum class Folder { absent, untrusted, broken, prepared };
  Folder folder = Folder::absent;
  std::string trouble;   // of an untrusted or broken one
  Expectation expected;  // of a prepared one
  Mark go = Mark::none;
  bool abort = false;
  Mark claimed = Mark::none;
  bool used = false;
};

struct Request {
  std::optional<std::string> migration;  // the annotation's value
  Identity identity;
};

enum class Action { exec_runc, wait, restore, refuse };

enum class Refusal {
  none,
  identity,
  untrusted,
  not_prepared,
  broken,
  other_migration,
  claimed,
  aborted,
  stale_go,
  too_late,
  timed_out
};

struct Decision {
  Action action = Action::refuse;
  Refusal refusal = Refusal::none;
  bool operator==(const Decision&) const = default;
};

[[nodiscard]] Decision decide(const Request& request, const Observation& seen, milliseconds elapsed);

// The refusal for a person: what was attempted, on which object, what was found, what to do.
[[nodiscard]] std::string explain(Refusal refusal, const Request& request, const Observation& seen);

}  // namespace migrate::runtime
