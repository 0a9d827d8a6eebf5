// PasswordCheck - Apache Kafka's own encoding of passwords in dynamic configurations.
//
//   java -cp JARS PasswordCheck encode SECRET FACTORY CIPHER BITS ITERATIONS PASSWORD
//   java -cp JARS PasswordCheck decode SECRET CIPHER ENCODED
//
// FACTORY is empty for the default.

import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.security.PasswordEncoder;

public class PasswordCheck {
    public static void main(String[] args) throws Exception {
        Password secret = new Password(args[1]);
        if (args[0].equals("encode"))
            System.out.println(PasswordEncoder.encrypting(secret, args[2].isEmpty() ? null : args[2], args[3],
                Integer.parseInt(args[4]), Integer.parseInt(args[5])).encode(new Password(args[6])));
        else // all else is part of what is stored
            System.out.println(PasswordEncoder.encrypting(secret, null, args[2], 128, 4096).decode(args[3]).value());
    }
}
