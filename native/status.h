// TensorFlow's status codes.
#pragma once
#include <memory>
#include <tensorflow/c/c_api.h>
#include "failure.h"

namespace kd {

inline const char* codeName(TF_Code code) {
  static const char* const names[] = {
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"};
  return code >= 0 && static_cast<size_t>(code) < sizeof names / sizeof *names ? names[code] : "UNKNOWN";
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
