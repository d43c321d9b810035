// TensorFlow's status codes.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <tensorflow/c/c_api.h>
#include "failure.h"

namespace kd {

/** The names of status codes, by their numbers. */
constexpr const char* kCodeNames[] = {
  "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
  "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
  "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"};
constexpr size_t kCodes = sizeof kCodeNames / sizeof *kCodeNames;

inline const char* codeName(TF_Code code) {
  return code >= 0 && static_cast<size_t>(code) < kCodes ? kCodeNames[code] : "UNKNOWN";
}

/** The code with a name; TF_UNKNOWN if none has it. */
inline TF_Code codeNamed(const std::string& name) {
  for (size_t code = 0; code < kCodes; code++)
    if (name == kCodeNames[code]) return static_cast<TF_Code>(code);
  return TF_UNKNOWN;
}

/** The status of a TensorFlow call. */
class Status {
 public:
  TF_Status* get() { return status_.get(); }
  /** Throws if the call failed. */
  void check() const {
    const TF_Code code = TF_GetCode(status_.get());
    if (code != TF_OK) throw Failure{codeName(code), TF_Message(status_.get())};
  }

 private:
  std::unique_ptr<TF_Status, decltype(&TF_DeleteStatus)> status_{TF_NewStatus(), TF_DeleteStatus};
};

}  // namespace kd
