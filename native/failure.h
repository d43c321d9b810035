// Errors, and TensorFlow's status codes.
#pragma once
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <tensorflow/c/c_api.h>

namespace kd {

/** An error on its way to JavaScript: the name of a TensorFlow status code, and a message. */
struct Failure {
  std::string code;
  std::string message;
};

[[noreturn]] inline void refuse(const std::string& message) { throw Failure{"INVALID_ARGUMENT", message}; }

/** The exception being handled. Must be called in a `catch` block. */
inline Failure currentFailure() {
  try {
    throw;
  } catch (const Failure& failure) {
    return failure;
  } catch (const std::bad_alloc& error) {
    return {"RESOURCE_EXHAUSTED", error.what()};
  } catch (const std::exception& error) {
    return {"INTERNAL", error.what()};
  }
}

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
