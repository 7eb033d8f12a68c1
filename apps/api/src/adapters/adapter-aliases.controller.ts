import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  adapterAlias,
  adapterAliasDeletion,
  adapterAliasList,
  setAdapterAlias,
  type SetAdapterAlias,
} from '@prad/contracts';
import { AdapterAliasRepository, AdapterRepository } from '@prad/database';
import { CallerProject } from '../access/caller-project.js';
import { toAliasObject } from './adapter.view.js';

/** Names for an adapter's versions: requests that ask for `<adapter>@<alias>` get the version of the moment. */
@ApiTags('adapters')
@Controller('v1/adapters/:id/aliases')
export class AdapterAliasesController {
  constructor(
    private readonly adapters: AdapterRepository,
    private readonly aliases: AdapterAliasRepository,
  ) {}

  /** Promotes a version, or rolls back to one: at once, and without a request that is under way noticing. */
  @Post()
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: adapterAlias })
  async set(
    @CallerProject() project: string,
    @Param('id') id: string,
    @Body({ schema: setAdapterAlias }) { alias, version }: SetAdapterAlias,
  ) {
    return toAliasObject(await this.aliases.set(project, id, alias, version));
  }

  @Get()
  @ApiOkResponse({ standardSchema: adapterAliasList })
  async list(@CallerProject() project: string, @Param('id') id: string) {
    const { aliases } = await this.adapters.getDetail(project, id);
    return { object: 'list' as const, data: aliases.map(toAliasObject) };
  }

  @Delete(':alias')
  @ApiOkResponse({ standardSchema: adapterAliasDeletion })
  async delete(@CallerProject() project: string, @Param('id') id: string, @Param('alias') alias: string) {
    await this.aliases.delete(project, id, alias);
    return { alias, object: 'adapter.alias' as const, deleted: true as const };
  }
}
