import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

import org.apache.kafka.common.utils.Exit;

/**
 * Runs main methods of command-line tools, one after the other, in one JVM: it takes a second to start one. A line on stdin
 * is the class and its arguments in base64, separated by blanks; the answer is a line with the exit code, stdout and
 * stderr. What a tool does after it has called exit is not seen.
 */
public class ToolServer {
    /** Unwinds the tool's stack at its exit. */
    static class Exited extends Error {
    }

    /** One System.out for all tools, as Scala's Console keeps the first it sees; where it goes is exchanged. */
    static class Switch extends OutputStream {
        OutputStream target = OutputStream.nullOutputStream();

        @Override
        public void write(int b) throws IOException {
            target.write(b);
        }

        @Override
        public void write(byte[] b, int offset, int length) throws IOException {
            target.write(b, offset, length);
        }
    }

    private static final Switch OUT = new Switch();
    private static final Switch ERR = new Switch();
    private static Integer code;

    private static void exit(int status, String message) {
        if (code == null)
            code = status;
        OUT.target = OutputStream.nullOutputStream();
        ERR.target = OutputStream.nullOutputStream();
        throw new Exited();
    }

    private static void run(String[] words) {
        String[] args = java.util.Arrays.copyOfRange(words, 1, words.length);
        try {
            Class.forName(words[0]).getMethod("main", String[].class).invoke(null, (Object) args);
        } catch (InvocationTargetException e) {
            if (code == null) {
                System.err.print("Exception in thread \"main\" ");
                e.getCause().printStackTrace();
                code = 1;
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String[] decode(String line) {
        String[] words = line.split(" ", -1);
        for (int i = 0; i < words.length; i++)
            words[i] = new String(Base64.getDecoder().decode(words[i]), StandardCharsets.UTF_8);
        return words;
    }

    private static String encode(ByteArrayOutputStream text) {
        return Base64.getEncoder().encodeToString(text.toByteArray());
    }

    public static void main(String[] unused) throws Exception {
        PrintStream answers = System.out;
        System.setOut(new PrintStream(OUT, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(ERR, true, StandardCharsets.UTF_8));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Exit.setExitProcedure(ToolServer::exit);
        Exit.setHaltProcedure(ToolServer::exit);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            code = null;
            OUT.target = out;
            ERR.target = err;
            run(decode(line));
            answers.println((code == null ? 0 : code) + " " + encode(out) + " " + encode(err));
            answers.flush();
        }
    }
}
