// Following a set of objects through lost connections, restarts of the server and forgotten history (410 Gone): lists,
// watches from there, watches on, lists again when it must, and tells the difference as changes. Protocol:
// "Kubernetes API Concepts", efficient detection of changes.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "shared/kube/client.h"
#include "shared/kube/known_objects.h"

namespace migrate::kube {

struct Selection {
  ResourcePath path;  // a name in it stands for a field selector
  std::string label_selector;
  std::string field_selector;
};

// Called on the thread that runs the watch.
class WatchSink {
 public:
  virtual ~WatchSink() = default;
  // False: enough, the watch ends.
  [[nodiscard]] virtual bool changed(ChangeKind kind, const Json& object) = 0;
  // After each list: what exists has been told. The first time, nothing may have been.
  [[nodiscard]] virtual bool synced() { return true; }
  // It does not work at the moment, and is tried again.
  virtual void troubled(const ApiError&) {}
};

class Watch {
 public:
  Watch(Client& client, Pacer& pacer, Selection selection);

  // Success: the sink had enough or `stop` was requested (then within milliseconds). An error: the deadline, or what
  // trying again does not cure (forbidden, an unknown resource type, a certificate, an impossible name).
  // May be run again, after all but a sink that had enough: goes on with what is known.
  [[nodiscard]] ApiResult<void> run(WatchSink& sink, const std::stop_token& stop,
                                    std::chrono::milliseconds timeout = http::kNoTimeout);

  [[nodiscard]] const KnownObjects& known() const { return known_; }

 private:
  // True: the sink had enough.
  ApiResult<bool> list(WatchSink& sink, const CallOptions& call);
  ApiResult<bool> follow(WatchSink& sink, const CallOptions& call);
  bool tell(WatchSink& sink, const std::vector<Change>& changes);

  Client& client_;
  Pacer& pacer_;
  Selection selection_;
  KnownObjects known_;
  std::string version_;      // empty: a list is due
  bool progressed_ = false;  // since the last failure
};

// Gets the object, then watches it, until `is_reached` likes what it sees; null stands for absent. Answers the object,
// or nothing for absent. The kind of error is deadline when the time is over.
using ObjectPredicate = std::function<bool(const Json* object)>;
[[nodiscard]] Lookup<Json, ApiError> wait_for(Client& client, Pacer& pacer, const ResourcePath& object,
                                              const ObjectPredicate& is_reached, std::chrono::milliseconds timeout,
                                              const std::stop_token& stop);

// The same for all objects of a selection.
using SetPredicate = std::function<bool(const KnownObjects& objects)>;
[[nodiscard]] ApiResult<KnownObjects> wait_for_set(Client& client, Pacer& pacer, const Selection& selection,
                                                   const SetPredicate& is_reached, std::chrono::milliseconds timeout,
                                                   const std::stop_token& stop);

}  // namespace migrate::kube
