package org.apache.apisix.plugin.runner.filter;

import java.util.List;
import org.apache.apisix.plugin.runner.HttpRequest;
import org.apache.apisix.plugin.runner.HttpResponse;
import org.springframework.stereotype.Component;

/**
 * What {@code bench gateway} is compared with: a filter of the stock runner that has the request
 * body fetched and does nothing with it. The runner finds it by its package. Stateless.
 */
@Component
public final class ReadsTheBodyFilter implements PluginFilter {
  @Override
  public String name() {
    return "reads-the-body";
  }

  @Override
  public List<String> requiredVars() {
    return List.of();
  }

  @Override
  public Boolean requiredBody() {
    return Boolean.TRUE;
  }

  @Override
  public Boolean requiredRespBody() {
    return Boolean.FALSE;
  }

  @Override
  public void filter(HttpRequest request, HttpResponse response, PluginFilterChain chain) {
    chain.filter(request, response);
  }
}
