-- The tables of MakerMatrix 1.x, the same as in schema.sql for SQLite. Text sorts by bytes, as in SQLite. Times and JSON
-- are text in the exact format of the original. Foreign keys can be deferred while rows are loaded.


CREATE TABLE projectmodel (
    id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    slug TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    status TEXT COLLATE "C" NOT NULL,
    image_url TEXT COLLATE "C",
    links TEXT COLLATE "C",
    project_metadata TEXT COLLATE "C",
    parts_count BIGINT NOT NULL,
    estimated_cost DOUBLE PRECISION,
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    completed_at TEXT COLLATE "C",
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ix_projectmodel_slug ON projectmodel (slug);
CREATE UNIQUE INDEX ix_projectmodel_name ON projectmodel (name);
CREATE TABLE partmodel (
    id TEXT COLLATE "C" NOT NULL,
    part_name TEXT COLLATE "C" NOT NULL,
    part_number TEXT COLLATE "C",
    description TEXT COLLATE "C",
    manufacturer TEXT COLLATE "C",
    manufacturer_part_number TEXT COLLATE "C",
    component_type TEXT COLLATE "C",
    supplier TEXT COLLATE "C",
    supplier_part_number TEXT COLLATE "C",
    supplier_url TEXT COLLATE "C",
    product_url TEXT COLLATE "C",
    image_url TEXT COLLATE "C",
    emoji TEXT COLLATE "C",
    additional_properties TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX ix_partmodel_part_number ON partmodel (part_number);
CREATE INDEX ix_partmodel_supplier_part_number ON partmodel (supplier_part_number);
CREATE INDEX ix_partmodel_component_type ON partmodel (component_type);
CREATE UNIQUE INDEX ix_partmodel_part_name ON partmodel (part_name);
CREATE INDEX ix_partmodel_manufacturer ON partmodel (manufacturer);
CREATE INDEX ix_partmodel_manufacturer_part_number ON partmodel (manufacturer_part_number);
CREATE TABLE locationmodel (
    id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C",
    description TEXT COLLATE "C",
    parent_id TEXT COLLATE "C",
    location_type TEXT COLLATE "C" NOT NULL,
    image_url TEXT COLLATE "C",
    emoji TEXT COLLATE "C",
    is_mobile BOOLEAN NOT NULL,
    container_capacity BIGINT,
    slot_count BIGINT,
    slot_naming_pattern TEXT COLLATE "C",
    slot_layout_type TEXT COLLATE "C",
    grid_rows BIGINT,
    grid_columns BIGINT,
    slot_layout TEXT COLLATE "C",
    is_auto_generated_slot BOOLEAN NOT NULL,
    slot_number BIGINT,
    slot_metadata TEXT COLLATE "C",
    is_smart_location BOOLEAN NOT NULL,
    smart_device_id TEXT COLLATE "C",
    smart_slot_number BIGINT,
    smart_capabilities TEXT COLLATE "C",
    auto_created BOOLEAN NOT NULL,
    hidden_by_default BOOLEAN NOT NULL,
    is_connected BOOLEAN NOT NULL,
    last_seen TEXT COLLATE "C",
    firmware_version TEXT COLLATE "C",
    PRIMARY KEY (id),
    FOREIGN KEY (parent_id) REFERENCES locationmodel (id) DEFERRABLE
);
CREATE INDEX ix_locationmodel_name ON locationmodel (name);
CREATE UNIQUE INDEX idx_location_name_parent_unique ON locationmodel (name, parent_id) WHERE NOT is_auto_generated_slot;
CREATE TABLE toolmodel (
    id TEXT COLLATE "C" NOT NULL,
    tool_name TEXT COLLATE "C" NOT NULL,
    tool_number TEXT COLLATE "C",
    description TEXT COLLATE "C",
    manufacturer TEXT COLLATE "C",
    model_number TEXT COLLATE "C",
    tool_type TEXT COLLATE "C",
    supplier TEXT COLLATE "C",
    supplier_part_number TEXT COLLATE "C",
    supplier_url TEXT COLLATE "C",
    product_url TEXT COLLATE "C",
    image_url TEXT COLLATE "C",
    emoji TEXT COLLATE "C",
    additional_properties TEXT COLLATE "C",
    condition TEXT COLLATE "C",
    last_maintenance_date TEXT COLLATE "C",
    next_maintenance_date TEXT COLLATE "C",
    maintenance_notes TEXT COLLATE "C",
    is_checked_out BOOLEAN NOT NULL,
    checked_out_by TEXT COLLATE "C",
    checked_out_at TEXT COLLATE "C",
    expected_return_date TEXT COLLATE "C",
    purchase_date TEXT COLLATE "C",
    purchase_price DOUBLE PRECISION,
    current_value DOUBLE PRECISION,
    is_checkable BOOLEAN NOT NULL,
    is_calibrated_tool BOOLEAN NOT NULL,
    is_consumable BOOLEAN NOT NULL,
    exclude_from_analytics BOOLEAN NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ix_toolmodel_tool_name ON toolmodel (tool_name);
CREATE INDEX ix_toolmodel_model_number ON toolmodel (model_number);
CREATE INDEX ix_toolmodel_manufacturer ON toolmodel (manufacturer);
CREATE INDEX ix_toolmodel_supplier_part_number ON toolmodel (supplier_part_number);
CREATE INDEX ix_toolmodel_tool_number ON toolmodel (tool_number);
CREATE INDEX ix_toolmodel_tool_type ON toolmodel (tool_type);
CREATE TABLE categorymodel (
    id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ix_categorymodel_name ON categorymodel (name);
CREATE TABLE printermodel (
    id TEXT COLLATE "C" NOT NULL,
    printer_id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    driver_type TEXT COLLATE "C" NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    backend TEXT COLLATE "C" NOT NULL,
    identifier TEXT COLLATE "C" NOT NULL,
    dpi BIGINT NOT NULL,
    scaling_factor DOUBLE PRECISION NOT NULL,
    is_active BOOLEAN NOT NULL,
    last_seen TEXT COLLATE "C",
    config TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX ix_printermodel_name ON printermodel (name);
CREATE UNIQUE INDEX ix_printermodel_printer_id ON printermodel (printer_id);
CREATE TABLE rolemodel (
    id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    permissions TEXT COLLATE "C",
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ix_rolemodel_name ON rolemodel (name);
CREATE TABLE usermodel (
    id TEXT COLLATE "C" NOT NULL,
    username TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    hashed_password TEXT COLLATE "C" NOT NULL,
    is_active BOOLEAN NOT NULL,
    password_change_required BOOLEAN NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL,
    last_login TEXT COLLATE "C",
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ix_usermodel_username ON usermodel (username);
CREATE UNIQUE INDEX ix_usermodel_email ON usermodel (email);
CREATE TABLE ordermodel (
    id TEXT COLLATE "C" NOT NULL,
    order_number TEXT COLLATE "C",
    supplier TEXT COLLATE "C" NOT NULL,
    order_date TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    tracking_number TEXT COLLATE "C",
    subtotal DOUBLE PRECISION,
    tax DOUBLE PRECISION,
    shipping DOUBLE PRECISION,
    total DOUBLE PRECISION,
    currency TEXT COLLATE "C" NOT NULL,
    import_source TEXT COLLATE "C",
    import_date TEXT COLLATE "C" NOT NULL,
    notes TEXT COLLATE "C",
    order_metadata TEXT COLLATE "C",
    PRIMARY KEY (id)
);
CREATE INDEX ix_ordermodel_order_number ON ordermodel (order_number);
CREATE INDEX ix_ordermodel_order_date ON ordermodel (order_date);
CREATE INDEX ix_ordermodel_supplier ON ordermodel (supplier);
CREATE TABLE tasks (
    id TEXT COLLATE "C" NOT NULL,
    task_type TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    status TEXT COLLATE "C" NOT NULL,
    priority TEXT COLLATE "C" NOT NULL,
    progress_percentage BIGINT NOT NULL,
    current_step TEXT COLLATE "C",
    input_data TEXT COLLATE "C",
    result_data TEXT COLLATE "C",
    error_message TEXT COLLATE "C",
    max_retries BIGINT NOT NULL,
    retry_count BIGINT NOT NULL,
    timeout_seconds BIGINT,
    created_at TEXT COLLATE "C" NOT NULL,
    scheduled_at TEXT COLLATE "C",
    started_at TEXT COLLATE "C",
    completed_at TEXT COLLATE "C",
    created_by_user_id TEXT COLLATE "C",
    related_entity_type TEXT COLLATE "C",
    related_entity_id TEXT COLLATE "C",
    parent_task_id TEXT COLLATE "C",
    depends_on_task_ids TEXT COLLATE "C",
    PRIMARY KEY (id)
);
CREATE INDEX ix_tasks_status ON tasks (status);
CREATE INDEX ix_tasks_priority ON tasks (priority);
CREATE INDEX ix_tasks_created_by_user_id ON tasks (created_by_user_id);
CREATE INDEX ix_tasks_task_type ON tasks (task_type);
CREATE TABLE supplier_usage_tracking (
    id TEXT COLLATE "C" NOT NULL,
    supplier_name TEXT COLLATE "C" NOT NULL,
    request_timestamp TEXT COLLATE "C" NOT NULL,
    endpoint_type TEXT COLLATE "C" NOT NULL,
    success BOOLEAN NOT NULL,
    response_time_ms BIGINT,
    error_message TEXT COLLATE "C",
    request_metadata TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX ix_supplier_usage_tracking_request_timestamp ON supplier_usage_tracking (request_timestamp);
CREATE INDEX ix_supplier_usage_tracking_supplier_name ON supplier_usage_tracking (supplier_name);
CREATE TABLE supplier_rate_limits (
    id TEXT COLLATE "C" NOT NULL,
    supplier_name TEXT COLLATE "C" NOT NULL,
    requests_per_minute BIGINT NOT NULL,
    requests_per_hour BIGINT NOT NULL,
    requests_per_day BIGINT NOT NULL,
    enabled BOOLEAN NOT NULL,
    burst_allowance BIGINT NOT NULL,
    burst_window_seconds BIGINT NOT NULL,
    custom_settings TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (supplier_name)
);
CREATE TABLE supplier_usage_summary (
    id TEXT COLLATE "C" NOT NULL,
    supplier_name TEXT COLLATE "C" NOT NULL,
    summary_date TEXT COLLATE "C" NOT NULL,
    summary_type TEXT COLLATE "C" NOT NULL,
    total_requests BIGINT NOT NULL,
    successful_requests BIGINT NOT NULL,
    failed_requests BIGINT NOT NULL,
    avg_response_time_ms DOUBLE PRECISION,
    endpoint_breakdown TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX ix_supplier_usage_summary_supplier_name ON supplier_usage_summary (supplier_name);
CREATE INDEX ix_supplier_usage_summary_summary_date ON supplier_usage_summary (summary_date);
CREATE TABLE csvimportconfigmodel (
    id TEXT COLLATE "C" NOT NULL,
    download_datasheets BOOLEAN NOT NULL,
    download_images BOOLEAN NOT NULL,
    overwrite_existing_files BOOLEAN NOT NULL,
    download_timeout_seconds BIGINT NOT NULL,
    show_progress BOOLEAN NOT NULL,
    enable_enrichment BOOLEAN NOT NULL,
    auto_create_enrichment_tasks BOOLEAN NOT NULL,
    additional_settings TEXT COLLATE "C",
    PRIMARY KEY (id)
);
CREATE TABLE label_templates (
    id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    display_name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    category TEXT COLLATE "C" NOT NULL,
    is_system_template BOOLEAN NOT NULL,
    is_active BOOLEAN NOT NULL,
    created_by_user_id TEXT COLLATE "C",
    is_public BOOLEAN NOT NULL,
    label_width_mm DOUBLE PRECISION NOT NULL,
    label_height_mm DOUBLE PRECISION NOT NULL,
    layout_type TEXT COLLATE "C" NOT NULL,
    layout_config TEXT COLLATE "C",
    qr_enabled BOOLEAN NOT NULL,
    qr_position TEXT COLLATE "C" NOT NULL,
    qr_scale DOUBLE PRECISION NOT NULL,
    qr_min_size_mm DOUBLE PRECISION NOT NULL,
    qr_max_margin_mm DOUBLE PRECISION NOT NULL,
    text_template TEXT COLLATE "C" NOT NULL,
    text_rotation TEXT COLLATE "C" NOT NULL,
    text_alignment TEXT COLLATE "C" NOT NULL,
    enable_multiline BOOLEAN NOT NULL,
    enable_auto_sizing BOOLEAN NOT NULL,
    font_config TEXT COLLATE "C",
    spacing_config TEXT COLLATE "C",
    supports_rotation BOOLEAN NOT NULL,
    supports_vertical_text BOOLEAN NOT NULL,
    custom_processing_rules TEXT COLLATE "C",
    usage_count BIGINT NOT NULL,
    last_used_at TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    is_validated BOOLEAN NOT NULL,
    validation_errors TEXT COLLATE "C",
    PRIMARY KEY (id)
);
CREATE INDEX ix_label_templates_name ON label_templates (name);
CREATE TABLE label_template_presets (
    id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    display_name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    template_config TEXT COLLATE "C",
    category TEXT COLLATE "C" NOT NULL,
    is_system_preset BOOLEAN NOT NULL,
    sort_order BIGINT NOT NULL,
    is_active BOOLEAN NOT NULL,
    usage_count BIGINT NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ix_label_template_presets_name ON label_template_presets (name);
CREATE TABLE tagmodel (
    id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_lower TEXT COLLATE "C" NOT NULL,
    color TEXT COLLATE "C",
    description TEXT COLLATE "C",
    icon TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    created_by TEXT COLLATE "C",
    usage_count BIGINT NOT NULL,
    parts_count BIGINT NOT NULL,
    tools_count BIGINT NOT NULL,
    last_used_at TEXT COLLATE "C",
    is_system BOOLEAN NOT NULL,
    is_active BOOLEAN NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT uix_tag_name_lower UNIQUE (name_lower)
);
CREATE UNIQUE INDEX ix_tagmodel_name ON tagmodel (name);
CREATE INDEX ix_tagmodel_name_lower ON tagmodel (name_lower);
CREATE TABLE backup_config (
    id TEXT COLLATE "C" NOT NULL,
    schedule_enabled BOOLEAN NOT NULL,
    schedule_type TEXT COLLATE "C" NOT NULL,
    schedule_cron TEXT COLLATE "C",
    retention_count BIGINT NOT NULL,
    last_backup_at TEXT COLLATE "C",
    next_backup_at TEXT COLLATE "C",
    encryption_required BOOLEAN NOT NULL,
    encryption_password TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE part_project_link (
    part_id TEXT COLLATE "C" NOT NULL,
    project_id TEXT COLLATE "C" NOT NULL,
    added_at TEXT COLLATE "C" NOT NULL,
    notes TEXT COLLATE "C",
    PRIMARY KEY (part_id, project_id),
    FOREIGN KEY (part_id) REFERENCES partmodel (id) DEFERRABLE,
    FOREIGN KEY (project_id) REFERENCES projectmodel (id) DEFERRABLE
);
CREATE TABLE partcategorylink (
    part_id TEXT COLLATE "C" NOT NULL,
    category_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (part_id, category_id),
    FOREIGN KEY (part_id) REFERENCES partmodel (id) DEFERRABLE,
    FOREIGN KEY (category_id) REFERENCES categorymodel (id) DEFERRABLE
);
CREATE TABLE datasheets (
    id TEXT COLLATE "C" NOT NULL,
    part_id TEXT COLLATE "C" NOT NULL,
    filename TEXT COLLATE "C" NOT NULL,
    file_path TEXT COLLATE "C" NOT NULL,
    file_size BIGINT,
    file_type TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C",
    supplier TEXT COLLATE "C",
    url TEXT COLLATE "C",
    download_date TEXT COLLATE "C" NOT NULL,
    is_primary BOOLEAN NOT NULL,
    is_active BOOLEAN NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (part_id) REFERENCES partmodel (id) DEFERRABLE
);
CREATE INDEX ix_datasheets_part_id ON datasheets (part_id);
CREATE TABLE partordersummary (
    id TEXT COLLATE "C" NOT NULL,
    part_id TEXT COLLATE "C",
    last_ordered_date TEXT COLLATE "C",
    last_ordered_price DOUBLE PRECISION,
    last_order_number TEXT COLLATE "C",
    total_orders BIGINT NOT NULL,
    lowest_price DOUBLE PRECISION,
    highest_price DOUBLE PRECISION,
    average_price DOUBLE PRECISION,
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (part_id),
    FOREIGN KEY (part_id) REFERENCES partmodel (id) ON DELETE CASCADE DEFERRABLE
);
CREATE TABLE tool_category_links (
    tool_id TEXT COLLATE "C" NOT NULL,
    category_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tool_id, category_id),
    FOREIGN KEY (tool_id) REFERENCES toolmodel (id) DEFERRABLE,
    FOREIGN KEY (category_id) REFERENCES categorymodel (id) DEFERRABLE
);
CREATE TABLE tool_location_allocations (
    id TEXT COLLATE "C" NOT NULL,
    tool_id TEXT COLLATE "C",
    location_id TEXT COLLATE "C",
    quantity_at_location BIGINT NOT NULL,
    is_primary_storage BOOLEAN NOT NULL,
    allocated_at TEXT COLLATE "C" NOT NULL,
    last_updated TEXT COLLATE "C" NOT NULL,
    notes TEXT COLLATE "C",
    PRIMARY KEY (id),
    CONSTRAINT uix_tool_location UNIQUE (tool_id, location_id),
    FOREIGN KEY (tool_id) REFERENCES toolmodel (id) ON DELETE CASCADE DEFERRABLE,
    FOREIGN KEY (location_id) REFERENCES locationmodel (id) ON DELETE CASCADE DEFERRABLE
);
CREATE INDEX ix_tool_location_allocations_location_id ON tool_location_allocations (location_id);
CREATE INDEX ix_tool_location_allocations_tool_id ON tool_location_allocations (tool_id);
CREATE TABLE tool_maintenance_records (
    id TEXT COLLATE "C" NOT NULL,
    tool_id TEXT COLLATE "C",
    maintenance_date TEXT COLLATE "C" NOT NULL,
    maintenance_type TEXT COLLATE "C" NOT NULL,
    performed_by TEXT COLLATE "C" NOT NULL,
    notes TEXT COLLATE "C",
    next_maintenance_date TEXT COLLATE "C",
    cost DOUBLE PRECISION,
    created_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (tool_id) REFERENCES toolmodel (id) ON DELETE CASCADE DEFERRABLE
);
CREATE INDEX ix_tool_maintenance_records_tool_id ON tool_maintenance_records (tool_id);
CREATE TABLE activitylogmodel (
    id TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    entity_type TEXT COLLATE "C" NOT NULL,
    entity_id TEXT COLLATE "C",
    entity_name TEXT COLLATE "C",
    user_id TEXT COLLATE "C",
    username TEXT COLLATE "C",
    timestamp TEXT COLLATE "C" NOT NULL,
    details TEXT COLLATE "C",
    ip_address TEXT COLLATE "C",
    user_agent TEXT COLLATE "C",
    PRIMARY KEY (id),
    FOREIGN KEY (user_id) REFERENCES usermodel (id) DEFERRABLE
);
CREATE INDEX ix_activitylogmodel_entity_type ON activitylogmodel (entity_type);
CREATE INDEX ix_activitylogmodel_entity_id ON activitylogmodel (entity_id);
CREATE INDEX ix_activitylogmodel_user_id ON activitylogmodel (user_id);
CREATE INDEX ix_activitylogmodel_action ON activitylogmodel (action);
CREATE INDEX ix_activitylogmodel_timestamp ON activitylogmodel (timestamp);
CREATE TABLE partenrichmentmetadata (
    id TEXT COLLATE "C" NOT NULL,
    part_id TEXT COLLATE "C",
    last_enrichment_date TEXT COLLATE "C",
    enrichment_source TEXT COLLATE "C",
    data_quality_score DOUBLE PRECISION,
    enrichment_attempts BIGINT NOT NULL,
    last_error TEXT COLLATE "C",
    capabilities_used TEXT COLLATE "C",
    needs_enrichment BOOLEAN NOT NULL,
    enrichment_enabled BOOLEAN NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (part_id),
    FOREIGN KEY (part_id) REFERENCES partmodel (id) ON DELETE CASCADE DEFERRABLE
);
CREATE TABLE partpricinghistory (
    id TEXT COLLATE "C" NOT NULL,
    part_id TEXT COLLATE "C" NOT NULL,
    supplier TEXT COLLATE "C" NOT NULL,
    unit_price DOUBLE PRECISION,
    currency TEXT COLLATE "C" NOT NULL,
    stock_quantity BIGINT,
    pricing_tiers TEXT COLLATE "C",
    source TEXT COLLATE "C" NOT NULL,
    source_reference TEXT COLLATE "C",
    valid_from TEXT COLLATE "C" NOT NULL,
    valid_until TEXT COLLATE "C",
    is_current BOOLEAN NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (part_id) REFERENCES partmodel (id) DEFERRABLE
);
CREATE INDEX ix_partpricinghistory_part_id ON partpricinghistory (part_id);
CREATE INDEX ix_partpricinghistory_source ON partpricinghistory (source);
CREATE INDEX ix_partpricinghistory_valid_from ON partpricinghistory (valid_from);
CREATE INDEX ix_partpricinghistory_created_at ON partpricinghistory (created_at);
CREATE INDEX ix_partpricinghistory_is_current ON partpricinghistory (is_current);
CREATE INDEX ix_partpricinghistory_supplier ON partpricinghistory (supplier);
CREATE TABLE partsystemmetadata (
    id TEXT COLLATE "C" NOT NULL,
    part_id TEXT COLLATE "C",
    view_count BIGINT NOT NULL,
    search_count BIGINT NOT NULL,
    last_accessed TEXT COLLATE "C",
    import_source TEXT COLLATE "C",
    import_reference TEXT COLLATE "C",
    import_date TEXT COLLATE "C",
    needs_review BOOLEAN NOT NULL,
    is_favorite BOOLEAN NOT NULL,
    is_obsolete BOOLEAN NOT NULL,
    tags TEXT COLLATE "C",
    notes TEXT COLLATE "C",
    auto_reorder_enabled BOOLEAN NOT NULL,
    reorder_threshold BIGINT,
    preferred_supplier TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (part_id),
    FOREIGN KEY (part_id) REFERENCES partmodel (id) ON DELETE CASCADE DEFERRABLE
);
CREATE TABLE userrolelink (
    user_id TEXT COLLATE "C" NOT NULL,
    role_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, role_id),
    FOREIGN KEY (user_id) REFERENCES usermodel (id) DEFERRABLE,
    FOREIGN KEY (role_id) REFERENCES rolemodel (id) DEFERRABLE
);
CREATE TABLE orderitemmodel (
    id TEXT COLLATE "C" NOT NULL,
    order_id TEXT COLLATE "C" NOT NULL,
    part_id TEXT COLLATE "C",
    supplier_part_number TEXT COLLATE "C" NOT NULL,
    manufacturer_part_number TEXT COLLATE "C",
    description TEXT COLLATE "C",
    manufacturer TEXT COLLATE "C",
    quantity_ordered BIGINT NOT NULL,
    quantity_received BIGINT NOT NULL,
    unit_price DOUBLE PRECISION,
    extended_price DOUBLE PRECISION,
    package TEXT COLLATE "C",
    customer_reference TEXT COLLATE "C",
    status TEXT COLLATE "C" NOT NULL,
    expected_date TEXT COLLATE "C",
    received_date TEXT COLLATE "C",
    properties TEXT COLLATE "C",
    PRIMARY KEY (id),
    FOREIGN KEY (order_id) REFERENCES ordermodel (id) DEFERRABLE,
    FOREIGN KEY (part_id) REFERENCES partmodel (id) ON DELETE SET NULL DEFERRABLE
);
CREATE INDEX ix_orderitemmodel_manufacturer_part_number ON orderitemmodel (manufacturer_part_number);
CREATE INDEX ix_orderitemmodel_supplier_part_number ON orderitemmodel (supplier_part_number);
CREATE TABLE supplier_configs (
    id TEXT COLLATE "C" NOT NULL,
    supplier_name TEXT COLLATE "C" NOT NULL,
    display_name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    website_url TEXT COLLATE "C",
    image_url TEXT COLLATE "C",
    supplier_type TEXT COLLATE "C" NOT NULL,
    api_type TEXT COLLATE "C" NOT NULL,
    base_url TEXT COLLATE "C" NOT NULL,
    api_version TEXT COLLATE "C",
    api_documentation_url TEXT COLLATE "C",
    rate_limit_per_minute BIGINT,
    timeout_seconds BIGINT NOT NULL,
    max_retries BIGINT NOT NULL,
    retry_backoff DOUBLE PRECISION NOT NULL,
    enabled BOOLEAN NOT NULL,
    supports_datasheet BOOLEAN NOT NULL,
    supports_image BOOLEAN NOT NULL,
    supports_pricing BOOLEAN NOT NULL,
    supports_stock BOOLEAN NOT NULL,
    supports_specifications BOOLEAN NOT NULL,
    supports_alternatives BOOLEAN NOT NULL,
    supports_lifecycle_status BOOLEAN NOT NULL,
    supports_part_validation BOOLEAN NOT NULL,
    capabilities TEXT COLLATE "C",
    custom_headers TEXT COLLATE "C",
    custom_parameters TEXT COLLATE "C",
    created_by_user_id TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    last_tested_at TEXT COLLATE "C",
    test_status TEXT COLLATE "C",
    PRIMARY KEY (id),
    FOREIGN KEY (created_by_user_id) REFERENCES usermodel (id) DEFERRABLE
);
CREATE UNIQUE INDEX ix_supplier_configs_supplier_name ON supplier_configs (supplier_name);
CREATE TABLE enrichment_profiles (
    id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    supplier_priority TEXT COLLATE "C" NOT NULL,
    enabled_capabilities TEXT COLLATE "C" NOT NULL,
    fallback_enabled BOOLEAN NOT NULL,
    timeout_seconds BIGINT NOT NULL,
    field_mappings TEXT COLLATE "C",
    data_transformations TEXT COLLATE "C",
    is_default BOOLEAN NOT NULL,
    is_public BOOLEAN NOT NULL,
    created_by_user_id TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    last_used_at TEXT COLLATE "C",
    usage_count BIGINT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (created_by_user_id) REFERENCES usermodel (id) DEFERRABLE
);
CREATE INDEX ix_enrichment_profiles_name ON enrichment_profiles (name);
CREATE TABLE part_tag_links (
    part_id TEXT COLLATE "C" NOT NULL,
    tag_id TEXT COLLATE "C" NOT NULL,
    added_at TEXT COLLATE "C" NOT NULL,
    added_by TEXT COLLATE "C",
    PRIMARY KEY (part_id, tag_id),
    FOREIGN KEY (part_id) REFERENCES partmodel (id) DEFERRABLE,
    FOREIGN KEY (tag_id) REFERENCES tagmodel (id) DEFERRABLE
);
CREATE TABLE tool_tag_links (
    tool_id TEXT COLLATE "C" NOT NULL,
    tag_id TEXT COLLATE "C" NOT NULL,
    added_at TEXT COLLATE "C" NOT NULL,
    added_by TEXT COLLATE "C",
    PRIMARY KEY (tool_id, tag_id),
    FOREIGN KEY (tool_id) REFERENCES toolmodel (id) DEFERRABLE,
    FOREIGN KEY (tag_id) REFERENCES tagmodel (id) DEFERRABLE
);
CREATE TABLE part_location_allocations (
    id TEXT COLLATE "C" NOT NULL,
    part_id TEXT COLLATE "C",
    location_id TEXT COLLATE "C",
    quantity_at_location BIGINT NOT NULL,
    is_primary_storage BOOLEAN NOT NULL,
    allocated_at TEXT COLLATE "C" NOT NULL,
    last_updated TEXT COLLATE "C" NOT NULL,
    notes TEXT COLLATE "C",
    auto_synced BOOLEAN NOT NULL,
    last_nfc_scan TEXT COLLATE "C",
    PRIMARY KEY (id),
    CONSTRAINT uix_part_location UNIQUE (part_id, location_id),
    FOREIGN KEY (part_id) REFERENCES partmodel (id) ON DELETE CASCADE DEFERRABLE,
    FOREIGN KEY (location_id) REFERENCES locationmodel (id) ON DELETE CASCADE DEFERRABLE
);
CREATE INDEX ix_part_location_allocations_location_id ON part_location_allocations (location_id);
CREATE INDEX ix_part_location_allocations_part_id ON part_location_allocations (part_id);
CREATE TABLE api_keys (
    id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    key_hash TEXT COLLATE "C" NOT NULL,
    key_prefix TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    permissions TEXT COLLATE "C",
    role_names TEXT COLLATE "C",
    is_active BOOLEAN NOT NULL,
    expires_at TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    last_used_at TEXT COLLATE "C",
    usage_count BIGINT NOT NULL,
    allowed_ips TEXT COLLATE "C",
    PRIMARY KEY (id),
    FOREIGN KEY (user_id) REFERENCES usermodel (id) DEFERRABLE
);
CREATE INDEX ix_api_keys_name ON api_keys (name);
CREATE UNIQUE INDEX ix_api_keys_key_hash ON api_keys (key_hash);
CREATE INDEX ix_api_keys_key_prefix ON api_keys (key_prefix);
CREATE INDEX ix_api_keys_user_id ON api_keys (user_id);
CREATE TABLE partorderlink (
    part_id TEXT COLLATE "C" NOT NULL,
    order_item_id TEXT COLLATE "C" NOT NULL,
    quantity_from_order BIGINT NOT NULL,
    date_added TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (part_id, order_item_id),
    FOREIGN KEY (part_id) REFERENCES partmodel (id) DEFERRABLE,
    FOREIGN KEY (order_item_id) REFERENCES orderitemmodel (id) DEFERRABLE
);
CREATE TABLE supplier_credentials (
    id TEXT COLLATE "C" NOT NULL,
    supplier_config_id TEXT COLLATE "C" NOT NULL,
    api_key TEXT COLLATE "C",
    secret_key TEXT COLLATE "C",
    username TEXT COLLATE "C",
    password TEXT COLLATE "C",
    oauth_token TEXT COLLATE "C",
    refresh_token TEXT COLLATE "C",
    additional_data TEXT COLLATE "C",
    created_by_user_id TEXT COLLATE "C",
    created_at TEXT COLLATE "C" NOT NULL,
    updated_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (supplier_config_id),
    FOREIGN KEY (supplier_config_id) REFERENCES supplier_configs (id) DEFERRABLE,
    FOREIGN KEY (created_by_user_id) REFERENCES usermodel (id) DEFERRABLE
);
