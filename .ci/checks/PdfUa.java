// Validates PDFs against PDF/UA-1 with veraPDF. Arguments: the files. For each one, a line of file, outcome and number of
// assertions, tab-separated, and one line per rule that is broken. Run from source: `java -cp JARS PdfUa.java FILE...`.

import java.io.FileInputStream;
import java.util.Map;
import java.util.TreeMap;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

public class PdfUa {
    // More failures than this of one file tell nothing new.
    private static final int MOST_FAILURES = 1_000;

    public static void main(String[] files) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        for (String file : files) {
            ValidationResult result = validate(file);
            String outcome = result.isCompliant() ? "compliant" : "refused";
            System.out.println(String.join("\t", file, outcome, String.valueOf(result.getTotalAssertions())));
            broken(result).forEach((rule, times) -> System.out.println("  " + times + " x " + rule));
        }
    }

    private static ValidationResult validate(String file) throws Exception {
        PDFAFlavour flavour = PDFAFlavour.PDFUA_1;
        try (FileInputStream bytes = new FileInputStream(file);
                PDFAParser parser = Foundries.defaultInstance().createParser(bytes, flavour);
                PDFAValidator validator =
                        Foundries.defaultInstance().createValidator(flavour, MOST_FAILURES, false, false, false)) {
            return validator.validate(parser);
        }
    }

    private static Map<String, Integer> broken(ValidationResult result) {
        Map<String, Integer> broken = new TreeMap<>();
        for (TestAssertion assertion : result.getTestAssertions()) {
            if (assertion.getStatus() == TestAssertion.Status.FAILED) {
                String rule = assertion.getRuleId().getClause() + "-" + assertion.getRuleId().getTestNumber();
                broken.merge(rule + " " + assertion.getMessage(), 1, Integer::sum);
            }
        }
        return broken;
    }
}
