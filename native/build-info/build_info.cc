// What this processor offers, and what our native code was compiled to need. A board whose processor lacks what the compiler was told to use
// would end with SIGILL in the middle of the work; `tidegate self-test` compares the two first. This file itself is compiled with the same
// flags, but holds nothing that a compiler turns into an optional instruction by itself.
#include <napi.h>

#include <cstring>
#include <initializer_list>
#include <string>

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#elif defined(__x86_64__)
#include <cpuid.h>
#endif

#include <gnu/libc-version.h>

namespace {

struct Feature {
  const char *name;
  bool isPresent;
  // The compiler may use it without asking.
  bool isRequired;
};

#if defined(__aarch64__)

#ifdef __ARM_FEATURE_CRC32
constexpr bool kCrc32Required = true;
#else
constexpr bool kCrc32Required = false;
#endif
#ifdef __ARM_FEATURE_AES
constexpr bool kAesRequired = true;
#else
constexpr bool kAesRequired = false;
#endif
#ifdef __ARM_FEATURE_SHA2
constexpr bool kSha2Required = true;
#else
constexpr bool kSha2Required = false;
#endif
#ifdef __ARM_FEATURE_ATOMICS
constexpr bool kAtomicsRequired = true;
#else
constexpr bool kAtomicsRequired = false;
#endif

constexpr const char *kArchitecture = "arm64";

// See Linux' Documentation/arch/arm64/elf_hwcaps.rst.
std::initializer_list<Feature> features() {
  static const unsigned long caps = getauxval(AT_HWCAP);
  static const std::initializer_list<Feature> list = {
      {"asimd", (caps & HWCAP_ASIMD) != 0, true},
      {"crc32", (caps & HWCAP_CRC32) != 0, kCrc32Required},
      {"aes", (caps & HWCAP_AES) != 0, kAesRequired},
      {"pmull", (caps & HWCAP_PMULL) != 0, kAesRequired},
      {"sha1", (caps & HWCAP_SHA1) != 0, false},
      {"sha2", (caps & HWCAP_SHA2) != 0, kSha2Required},
      {"atomics", (caps & HWCAP_ATOMICS) != 0, kAtomicsRequired},
  };
  return list;
}

#elif defined(__x86_64__)

constexpr const char *kArchitecture = "x64";

struct Cpuid {
  unsigned ecx1 = 0;
  unsigned ebx7 = 0;
};

Cpuid readCpuid() {
  Cpuid found;
  unsigned eax, ebx, ecx, edx;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) found.ecx1 = ecx;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) found.ebx7 = ebx;
  return found;
}

// Leaves and bits: Intel SDM volume 2A, CPUID. x86-64-v2 stands for SSE4.2, which holds the CRC32 instruction, and POPCNT.
std::initializer_list<Feature> features() {
  static const Cpuid cpu = readCpuid();
  static const std::initializer_list<Feature> list = {
      {"sse4_2", (cpu.ecx1 & bit_SSE4_2) != 0, true},
      {"popcnt", (cpu.ecx1 & bit_POPCNT) != 0, true},
      {"aes", (cpu.ecx1 & bit_AES) != 0, false},
      {"pclmulqdq", (cpu.ecx1 & bit_PCLMUL) != 0, false},
      {"avx2", (cpu.ebx7 & bit_AVX2) != 0, false},
      {"sha", (cpu.ebx7 & bit_SHA) != 0, false},
  };
  return list;
}

#else
#error "arm64 or x64 expected"
#endif

Napi::Value Read(const Napi::CallbackInfo &info) {
  const Napi::Env env = info.Env();
  Napi::Object out = Napi::Object::New(env);
  Napi::Array present = Napi::Array::New(env);
  Napi::Array required = Napi::Array::New(env);
  for (const Feature &feature : features()) {
    if (feature.isPresent) present.Set(present.Length(), feature.name);
    if (feature.isRequired) required.Set(required.Length(), feature.name);
  }
  out.Set("architecture", kArchitecture);
  out.Set("compiledFor", BUILD_INFO_CPU);
  out.Set("compiler", "gcc " __VERSION__);
  out.Set("glibc", gnu_get_libc_version());
  out.Set("present", present);
  out.Set("required", required);
  return out;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("read", Napi::Function::New<Read>(env, "read"));
  return exports;
}

}  // namespace

NODE_API_MODULE(build_info, Init)
