/*
 * The smallest SPARQL 1.1 server on a TDB2 folder: query, update and Graph Store Protocol, on loopback only.
 * Debian packages Jena without Fuseki, and the tests want the real store behind the standard protocols.
 *
 * Run: java -cp CLASSPATH TdbServer.java PORT FOLDER
 */

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import org.apache.jena.graph.Graph;
import org.apache.jena.graph.NodeFactory;
import org.apache.jena.query.ARQ;
import org.apache.jena.query.Dataset;
import org.apache.jena.query.Query;
import org.apache.jena.query.QueryException;
import org.apache.jena.query.QueryExecution;
import org.apache.jena.query.QueryExecutionFactory;
import org.apache.jena.query.QueryFactory;
import org.apache.jena.query.ReadWrite;
import org.apache.jena.query.ResultSetFormatter;
import org.apache.jena.rdf.model.Model;
import org.apache.jena.riot.Lang;
import org.apache.jena.riot.RDFDataMgr;
import org.apache.jena.riot.RDFParser;
import org.apache.jena.riot.RiotException;
import org.apache.jena.riot.system.ErrorHandlerFactory;
import org.apache.jena.riot.system.StreamRDFLib;
import org.apache.jena.sparql.core.DatasetGraph;
import org.apache.jena.sparql.modify.request.UpdateLoad;
import org.apache.jena.tdb2.TDB2Factory;
import org.apache.jena.update.UpdateExecutionFactory;
import org.apache.jena.update.UpdateFactory;
import org.apache.jena.update.UpdateRequest;

public final class TdbServer {
    /** Queries and updates are read whole, so they have a limit; graphs are streamed and have none. */
    private static final int MAX_TEXT = 16 << 20;

    private static final String FORM = "application/x-www-form-urlencoded";

    private final Dataset dataset;

    private TdbServer(Dataset dataset) {
        this.dataset = dataset;
    }

    public static void main(String[] args) throws IOException {
        ARQ.getContext().set(ARQ.httpServiceAllowed, false); // no test's query may leave this machine
        TdbServer store = new TdbServer(TDB2Factory.connectDataset(args[1]));
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        HttpServer server = HttpServer.create(new InetSocketAddress(loopback, Integer.parseInt(args[0])), 0);
        server.createContext("/query", exchange -> answer(exchange, store::query));
        server.createContext("/update", exchange -> answer(exchange, store::update));
        server.createContext("/store", exchange -> answer(exchange, store::graph));
        server.setExecutor(Executors.newFixedThreadPool(4));
        server.start();
    }

    private record Reply(int status, String type, byte[] body) {
        static Reply text(int status, String message) {
            return new Reply(status, "text/plain; charset=utf-8", (message + "\n").getBytes(StandardCharsets.UTF_8));
        }

        static Reply empty(int status) {
            return new Reply(status, null, new byte[0]);
        }
    }

    /** What the client did wrong, with the status that says so. */
    private static final class Refused extends RuntimeException {
        final int status;

        Refused(int status, String message) {
            super(message);
            this.status = status;
        }
    }

    private interface Handler {
        Reply reply(HttpExchange exchange) throws IOException;
    }

    private static void answer(HttpExchange exchange, Handler handler) throws IOException {
        Reply reply;
        try {
            reply = handler.reply(exchange);
        } catch (Refused refused) {
            reply = Reply.text(refused.status, refused.getMessage());
        } catch (QueryException | RiotException wrong) {
            reply = Reply.text(400, wrong.getMessage());
        } catch (Exception | StackOverflowError failure) {
            failure.printStackTrace();
            reply = Reply.text(500, String.valueOf(failure));
        }
        try (exchange) {
            if (reply.type != null) {
                exchange.getResponseHeaders().set("Content-Type", reply.type);
            }
            boolean bare = reply.body.length == 0 || exchange.getRequestMethod().equals("HEAD");
            exchange.sendResponseHeaders(reply.status, bare ? -1 : reply.body.length);
            if (!bare) {
                exchange.getResponseBody().write(reply.body);
            }
        }
    }

    private Reply query(HttpExchange exchange) throws IOException {
        Map<String, List<String>> parameters = parameters(exchange.getRequestURI().getRawQuery());
        String text = operation(exchange, "query", parameters);
        Query query = QueryFactory.create(text);
        parameters.getOrDefault("default-graph-uri", List.of()).forEach(query::addGraphURI);
        parameters.getOrDefault("named-graph-uri", List.of()).forEach(query::addNamedGraphURI);
        dataset.begin(ReadWrite.READ);
        try (QueryExecution execution = QueryExecutionFactory.create(query, dataset)) {
            return results(query, execution);
        } finally {
            dataset.end();
        }
    }

    private static Reply results(Query query, QueryExecution execution) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (query.isSelectType()) {
            ResultSetFormatter.outputAsJSON(out, execution.execSelect());
        } else if (query.isAskType()) {
            ResultSetFormatter.outputAsJSON(out, execution.execAsk());
        } else {
            Model model = query.isConstructType() ? execution.execConstruct() : execution.execDescribe();
            RDFDataMgr.write(out, model, Lang.NTRIPLES);
            return new Reply(200, "application/n-triples", out.toByteArray());
        }
        return new Reply(200, "application/sparql-results+json", out.toByteArray());
    }

    private Reply update(HttpExchange exchange) throws IOException {
        requireMethod(exchange, "POST");
        Map<String, List<String>> parameters = parameters(exchange.getRequestURI().getRawQuery());
        UpdateRequest request = UpdateFactory.create(operation(exchange, "update", parameters));
        if (request.getOperations().stream().anyMatch(UpdateLoad.class::isInstance)) {
            throw new Refused(400, "LOAD is not allowed here");
        }
        return write(() -> {
            UpdateExecutionFactory.create(request, dataset).execute();
            return Reply.empty(204);
        });
    }

    /** Take the operation's text from the URL, the form or the body; a form's other fields join the parameters. */
    private static String operation(HttpExchange exchange, String name, Map<String, List<String>> parameters)
            throws IOException {
        if (exchange.getRequestMethod().equals("POST")) {
            String type = contentType(exchange);
            String body = text(exchange.getRequestBody());
            if (type.equals("application/sparql-" + name)) {
                return body;
            }
            if (!type.equals(FORM)) {
                throw new Refused(415, "expected " + FORM + " or application/sparql-" + name + ", got " + type);
            }
            parameters.putAll(parameters(body));
        } else {
            requireMethod(exchange, "GET");
        }
        List<String> values = parameters.getOrDefault(name, List.of());
        if (values.size() != 1) {
            throw new Refused(400, "exactly one parameter '" + name + "' is wanted");
        }
        return values.get(0);
    }

    private Reply graph(HttpExchange exchange) throws IOException {
        String name = graphName(parameters(exchange.getRequestURI().getRawQuery()));
        return switch (exchange.getRequestMethod()) {
            case "GET", "HEAD" -> read(name, exchange);
            case "PUT" -> write(() -> store(name, exchange, true));
            case "POST" -> write(() -> store(name, exchange, false));
            case "DELETE" -> write(() -> delete(name));
            default -> throw new Refused(405, "the Graph Store Protocol has no " + exchange.getRequestMethod());
        };
    }

    /** Find the graph's IRI; null is the default graph. */
    private static String graphName(Map<String, List<String>> parameters) {
        List<String> names = parameters.getOrDefault("graph", List.of());
        if (names.size() + (parameters.containsKey("default") ? 1 : 0) != 1) {
            throw new Refused(400, "exactly one of ?graph=IRI and ?default is wanted");
        }
        return names.isEmpty() ? null : names.get(0);
    }

    private Reply read(String name, HttpExchange exchange) {
        dataset.begin(ReadWrite.READ);
        try {
            requireGraph(name);
            String accept = String.valueOf(exchange.getRequestHeaders().getFirst("Accept"));
            Lang lang = accept.contains("text/turtle") ? Lang.TURTLE : Lang.NTRIPLES;
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            RDFDataMgr.write(out, at(name), lang);
            return new Reply(200, lang.getHeaderString(), out.toByteArray());
        } finally {
            dataset.end();
        }
    }

    private Reply store(String name, HttpExchange exchange, boolean replace) throws IOException {
        Lang lang = switch (contentType(exchange)) {
            case "text/turtle" -> Lang.TURTLE;
            case "application/n-triples" -> Lang.NTRIPLES;
            default -> throw new Refused(415, "text/turtle or application/n-triples is wanted");
        };
        if (exchange.getRequestHeaders().containsKey("Content-Encoding")) {
            throw new Refused(415, "compressed bodies are not read");
        }
        boolean isNew = name != null && !dataset.containsNamedModel(name);
        if (replace) {
            at(name).clear();
        }
        RDFParser.create()
                .source(exchange.getRequestBody())
                .lang(lang)
                .base(name)
                .errorHandler(ErrorHandlerFactory.errorHandlerSimple())
                .parse(StreamRDFLib.graph(at(name)));
        return Reply.empty(isNew ? 201 : 204);
    }

    private Reply delete(String name) {
        requireGraph(name);
        at(name).clear();
        return Reply.empty(204);
    }

    private void requireGraph(String name) {
        if (name != null && !dataset.containsNamedModel(name)) {
            throw new Refused(404, "there is no graph <" + name + ">");
        }
    }

    private Graph at(String name) {
        DatasetGraph graphs = dataset.asDatasetGraph();
        return name == null ? graphs.getDefaultGraph() : graphs.getGraph(NodeFactory.createURI(name));
    }

    private interface Change {
        Reply make() throws IOException;
    }

    /** Make the change whole or not at all. */
    private Reply write(Change change) throws IOException {
        dataset.begin(ReadWrite.WRITE);
        boolean done = false;
        try {
            Reply reply = change.make();
            done = true;
            return reply;
        } finally {
            if (done) {
                dataset.commit();
            } else {
                dataset.abort();
            }
            dataset.end();
        }
    }

    private static void requireMethod(HttpExchange exchange, String method) {
        if (!exchange.getRequestMethod().equals(method)) {
            throw new Refused(405, "not by " + exchange.getRequestMethod());
        }
    }

    private static String contentType(HttpExchange exchange) {
        String header = exchange.getRequestHeaders().getFirst("Content-Type");
        return header == null ? "" : header.split(";", 2)[0].strip().toLowerCase();
    }

    private static String text(InputStream body) throws IOException {
        byte[] bytes = body.readNBytes(MAX_TEXT + 1);
        if (bytes.length > MAX_TEXT) {
            throw new Refused(413, "more than " + MAX_TEXT + " bytes");
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static Map<String, List<String>> parameters(String encoded) {
        Map<String, List<String>> parameters = new HashMap<>();
        for (String pair : encoded == null ? new String[0] : encoded.split("&")) {
            String[] parts = pair.split("=", 2);
            String value = parts.length == 2 ? URLDecoder.decode(parts[1], StandardCharsets.UTF_8) : "";
            String name = URLDecoder.decode(parts[0], StandardCharsets.UTF_8);
            parameters.computeIfAbsent(name, absent -> new ArrayList<>()).add(value);
        }
        return parameters;
    }
}
