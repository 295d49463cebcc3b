// Whether a request that failed is sent again, and when. Pure: every fact is passed in.
#pragma once

#include <chrono>
#include <optional>

#include "shared/http_client/http_client.h"

namespace migrate::kube {

// What happens when a request is carried out twice.
enum class Repeat {
  harmless,  // reads, and writes that end in the same state: server-side apply, delete of one uid
  detected,  // the second one is refused: create of a chosen name, patches that test the resourceVersion
  never,     // it happens twice
};

struct RetryPolicy {
  unsigned attempts = 5;                      // in all
  std::chrono::milliseconds first_wait{200};  // doubles each time, and is spread by half of itself
  std::chrono::milliseconds longest_wait{5'000};
};

struct Attempt {
  Repeat repeat = Repeat::never;
  unsigned number = 1;  // from 1
  std::optional<http::HttpError::Kind> broke;
  bool may_have_run = false;  // for broke
  unsigned status = 0;        // without broke
  std::optional<std::chrono::seconds> retry_after;
  std::chrono::milliseconds remaining{0};  // until the caller's deadline
  bool renewed = false;                    // the credential, already
  double random = 0;                       // in [0, 1)
};

struct RetryDecision {
  enum class Action { give_up, wait_and_repeat, renew_and_repeat };
  Action action = Action::give_up;
  std::chrono::milliseconds wait{0};
};

[[nodiscard]] RetryDecision decide(const Attempt& attempt, const RetryPolicy& policy);

// The wait after the n-th failure in a row (from 1), spread by `random`.
[[nodiscard]] std::chrono::milliseconds back_off(unsigned failures, double random, const RetryPolicy& policy);

}  // namespace migrate::kube
