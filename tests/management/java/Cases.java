// Runs cases in their order and prints a line for each, as run.py reads them.

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.BooleanSupplier;

final class Cases {
  interface Case {
    void run() throws Exception;
  }

  private static final long WAIT_MAX_MS = 20_000;
  private final Map<String, Case> table = new LinkedHashMap<>();

  void add(String name, Case run) {
    table.put(name, run);
  }

  void run() {
    int failed = 0;
    for (Map.Entry<String, Case> one : table.entrySet()) {
      try {
        one.getValue().run();
        System.out.println("ok " + one.getKey());
      } catch (Exception | AssertionError error) {
        failed++;
        String text = (error.getClass().getSimpleName() + ": " + error.getMessage() + where(error));
        System.out.println("FAIL " + one.getKey() + ": " + text.replaceAll("\\s+", " "));
      }
    }
    System.out.println("end");
    System.exit(Math.min(failed, 99));
  }

  /** The line of the test program that failed. */
  private static String where(Throwable error) {
    for (StackTraceElement one : error.getStackTrace()) {
      String name = one.getClassName();
      if (name.endsWith("Cases") && !name.equals("Cases")) {
        return " (line " + one.getLineNumber() + ")";
      }
    }
    return "";
  }

  static void equal(Object got, Object wanted, String what) {
    if (!Objects.equals(got, wanted)) {
      throw new AssertionError(what + ": got " + got + ", wanted " + wanted);
    }
  }

  static void check(boolean condition, Object what) {
    if (!condition) throw new AssertionError(String.valueOf(what));
  }

  static void within(BooleanSupplier condition, String what) throws InterruptedException {
    long end = System.nanoTime() + WAIT_MAX_MS * 1_000_000;
    while (!condition.getAsBoolean()) {
      check(System.nanoTime() < end, what + ": not within " + WAIT_MAX_MS + " ms");
      Thread.sleep(50);
    }
  }

  /** A name that no other case or run has. */
  static String name(String what) {
    return "management." + what + "." + UUID.randomUUID().toString().substring(0, 12);
  }
}
