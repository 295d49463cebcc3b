// Pods of a migration at the API server: made, awaited, removed. What passes by itself is tried again within the
// limits.
#pragma once

#include <algorithm>

#include "extender/controller/hop.h"
#include "shared/kube/watch.h"

namespace migrate::controller {

// In a namespace that goes away our rights go first; what they were for goes too.
[[nodiscard]] bool is_gone_with_namespace(const Hop& hop, kube::ApiError::Kind kind);

// A call to the API server, again and again while it fails by what passes. `what` is for messages; `failure` the
// reason of a failure that stays.
template <class T>
using ApiCall = std::function<Result<T, kube::ApiError>(const kube::CallOptions&)>;

// Whether a refusal says nothing of the object: an API server that has just started has yet to find the kind that an
// admission policy takes its parameters from, and denies everything that the policy is about until then. Known by the
// words of Kubernetes' k8s.io/apiserver/pkg/admission/plugin/policy, which has no code for it.
[[nodiscard]] bool is_policy_yet_to_be_read(const kube::ApiError& error);
// How long that is waited for.
inline constexpr milliseconds kPolicyPatience{30'000};

// An API server that vanished without a word would take all that is left of a freeze for one answer.
inline constexpr milliseconds kLongestApiCall{10'000};

class Pods {
 public:
  explicit Pods(Hop& hop) : hop_(hop) {}

  [[nodiscard]] Attempt<std::optional<Json>> get(const std::string& name, const Limits& limits);
  // Any object.
  [[nodiscard]] Attempt<std::optional<Json>> read(const kube::ResourcePath& path, const Limits& limits);
  // The Pod, also when it was there already and carries our restore annotation.
  [[nodiscard]] Attempt<Json> make(const Json& pod, const Limits& limits);
  // In a scheduler's place: that node's kubelet takes the Pod if it has room, or fails it. Success, too, when it is
  // bound already, wherever.
  [[nodiscard]] Attempt<void> bind(const std::string& name, const std::string& node, const Limits& limits);
  // Until `is_reached` likes the Pod (null: there is none). The outcome's event is deadline when the time is over.
  [[nodiscard]] Attempt<std::optional<Json>> await(const std::string& name, const kube::ObjectPredicate& is_reached,
                                                   const Limits& limits);
  // At once, without the kubelet; it kills what runs in its own time. Success when no Pod of that uid is there.
  [[nodiscard]] Attempt<void> force_remove(const std::string& name, const std::string& uid, const Limits& limits);
  // Only if it carries our restore annotation; waits for its kubelet, but no longer than 30 s.
  [[nodiscard]] Attempt<void> remove_ours(const std::string& name, const Limits& limits);
  // Changes metadata of the Pod of that uid to what `change` says of it as it is (RFC 7386; null: nothing is to be
  // changed), and asks again when somebody else wrote meanwhile. False: there is no such Pod.
  using Change = std::function<Json(const Json& pod)>;
  [[nodiscard]] Attempt<bool> amend(const std::string& name, const std::string& uid, const Limits& limits,
                                    const Change& change);
  // The recorded target (or placeholder) is there, is that Pod and is not being deleted.
  [[nodiscard]] Attempt<Json> live_target(const Limits& limits);

  template <class T>
  [[nodiscard]] Attempt<T> call(const std::string& what, const Limits& limits, const ApiCall<T>& call) {
    milliseconds wait{100};
    for (;;) {
      auto answer = call({std::min(hop_.longest_call(limits), kLongestApiCall), limits.stop});
      if (answer) return std::move(*answer);
      if (auto again = go_on_after(answer.error(), what, limits, wait); !again)
        return tl::make_unexpected(again.error());
    }
  }

 private:
  Attempt<void> go_on_after(const kube::ApiError& error, const std::string& what, const Limits& limits,
                            milliseconds& wait);
  Attempt<void> remove(const std::string& name, const std::string& uid, std::chrono::seconds grace,
                       const Limits& limits);
  [[nodiscard]] bool is_ours(const Json& pod) const;

  Hop& hop_;
};

}  // namespace migrate::controller
