-- The schema of MakerMatrix 1.1.3. No byte of a statement may change: the original opens the same file, and SQLite stores
-- the text of the statements in it.

CREATE TABLE projectmodel (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	slug VARCHAR NOT NULL, 
	description VARCHAR, 
	status VARCHAR NOT NULL, 
	image_url VARCHAR, 
	links JSON, 
	project_metadata JSON, 
	parts_count INTEGER NOT NULL, 
	estimated_cost FLOAT, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	completed_at DATETIME, 
	PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ix_projectmodel_slug ON projectmodel (slug);
CREATE UNIQUE INDEX ix_projectmodel_name ON projectmodel (name);
CREATE TABLE partmodel (
	id VARCHAR NOT NULL, 
	part_name VARCHAR(255) NOT NULL, 
	part_number VARCHAR, 
	description VARCHAR, 
	manufacturer VARCHAR, 
	manufacturer_part_number VARCHAR, 
	component_type VARCHAR, 
	supplier VARCHAR, 
	supplier_part_number VARCHAR, 
	supplier_url VARCHAR, 
	product_url VARCHAR, 
	image_url VARCHAR, 
	emoji VARCHAR(50), 
	additional_properties JSON, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
CREATE INDEX ix_partmodel_part_number ON partmodel (part_number);
CREATE INDEX ix_partmodel_supplier_part_number ON partmodel (supplier_part_number);
CREATE INDEX ix_partmodel_component_type ON partmodel (component_type);
CREATE UNIQUE INDEX ix_partmodel_part_name ON partmodel (part_name);
CREATE INDEX ix_partmodel_manufacturer ON partmodel (manufacturer);
CREATE INDEX ix_partmodel_manufacturer_part_number ON partmodel (manufacturer_part_number);
CREATE TABLE locationmodel (
	id VARCHAR NOT NULL, 
	name VARCHAR, 
	description VARCHAR, 
	parent_id VARCHAR, 
	location_type VARCHAR NOT NULL, 
	image_url VARCHAR, 
	emoji VARCHAR, 
	is_mobile BOOLEAN NOT NULL, 
	container_capacity INTEGER, 
	slot_count INTEGER, 
	slot_naming_pattern VARCHAR, 
	slot_layout_type VARCHAR, 
	grid_rows INTEGER, 
	grid_columns INTEGER, 
	slot_layout JSON, 
	is_auto_generated_slot BOOLEAN NOT NULL, 
	slot_number INTEGER, 
	slot_metadata JSON, 
	is_smart_location BOOLEAN NOT NULL, 
	smart_device_id VARCHAR, 
	smart_slot_number INTEGER, 
	smart_capabilities JSON, 
	auto_created BOOLEAN NOT NULL, 
	hidden_by_default BOOLEAN NOT NULL, 
	is_connected BOOLEAN NOT NULL, 
	last_seen DATETIME, 
	firmware_version VARCHAR, 
	PRIMARY KEY (id), 
	FOREIGN KEY(parent_id) REFERENCES locationmodel (id)
);
CREATE INDEX ix_locationmodel_name ON locationmodel (name);
CREATE UNIQUE INDEX idx_location_name_parent_unique ON locationmodel (name, parent_id) WHERE is_auto_generated_slot = 0;
CREATE TABLE toolmodel (
	id VARCHAR NOT NULL, 
	tool_name VARCHAR NOT NULL, 
	tool_number VARCHAR, 
	description VARCHAR, 
	manufacturer VARCHAR, 
	model_number VARCHAR, 
	tool_type VARCHAR, 
	supplier VARCHAR, 
	supplier_part_number VARCHAR, 
	supplier_url VARCHAR, 
	product_url VARCHAR, 
	image_url VARCHAR, 
	emoji VARCHAR(50), 
	additional_properties JSON, 
	condition VARCHAR, 
	last_maintenance_date DATETIME, 
	next_maintenance_date DATETIME, 
	maintenance_notes VARCHAR, 
	is_checked_out BOOLEAN NOT NULL, 
	checked_out_by VARCHAR, 
	checked_out_at DATETIME, 
	expected_return_date DATETIME, 
	purchase_date DATETIME, 
	purchase_price FLOAT, 
	current_value FLOAT, 
	is_checkable BOOLEAN NOT NULL, 
	is_calibrated_tool BOOLEAN NOT NULL, 
	is_consumable BOOLEAN NOT NULL, 
	exclude_from_analytics BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ix_toolmodel_tool_name ON toolmodel (tool_name);
CREATE INDEX ix_toolmodel_model_number ON toolmodel (model_number);
CREATE INDEX ix_toolmodel_manufacturer ON toolmodel (manufacturer);
CREATE INDEX ix_toolmodel_supplier_part_number ON toolmodel (supplier_part_number);
CREATE INDEX ix_toolmodel_tool_number ON toolmodel (tool_number);
CREATE INDEX ix_toolmodel_tool_type ON toolmodel (tool_type);
CREATE TABLE categorymodel (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	description VARCHAR, 
	PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ix_categorymodel_name ON categorymodel (name);
CREATE TABLE printermodel (
	id VARCHAR NOT NULL, 
	printer_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	driver_type VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	backend VARCHAR NOT NULL, 
	identifier VARCHAR NOT NULL, 
	dpi INTEGER NOT NULL, 
	scaling_factor FLOAT NOT NULL, 
	is_active BOOLEAN NOT NULL, 
	last_seen DATETIME, 
	config JSON, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
CREATE INDEX ix_printermodel_name ON printermodel (name);
CREATE UNIQUE INDEX ix_printermodel_printer_id ON printermodel (printer_id);
CREATE TABLE rolemodel (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	description VARCHAR, 
	permissions JSON, 
	PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ix_rolemodel_name ON rolemodel (name);
CREATE TABLE usermodel (
	id VARCHAR NOT NULL, 
	username VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	hashed_password VARCHAR NOT NULL, 
	is_active BOOLEAN NOT NULL, 
	password_change_required BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	last_login DATETIME, 
	PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ix_usermodel_username ON usermodel (username);
CREATE UNIQUE INDEX ix_usermodel_email ON usermodel (email);
CREATE TABLE ordermodel (
	id VARCHAR NOT NULL, 
	order_number VARCHAR, 
	supplier VARCHAR NOT NULL, 
	order_date DATETIME NOT NULL, 
	status VARCHAR NOT NULL, 
	tracking_number VARCHAR, 
	subtotal NUMERIC(10, 2), 
	tax NUMERIC(10, 2), 
	shipping NUMERIC(10, 2), 
	total NUMERIC(10, 2), 
	currency VARCHAR NOT NULL, 
	import_source VARCHAR, 
	import_date DATETIME NOT NULL, 
	notes VARCHAR, 
	order_metadata JSON, 
	PRIMARY KEY (id)
);
CREATE INDEX ix_ordermodel_order_number ON ordermodel (order_number);
CREATE INDEX ix_ordermodel_order_date ON ordermodel (order_date);
CREATE INDEX ix_ordermodel_supplier ON ordermodel (supplier);
CREATE TABLE tasks (
	id VARCHAR NOT NULL, 
	task_type VARCHAR(26) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	description VARCHAR, 
	status VARCHAR(9) NOT NULL, 
	priority VARCHAR(6) NOT NULL, 
	progress_percentage INTEGER NOT NULL, 
	current_step VARCHAR, 
	input_data VARCHAR, 
	result_data VARCHAR, 
	error_message VARCHAR, 
	max_retries INTEGER NOT NULL, 
	retry_count INTEGER NOT NULL, 
	timeout_seconds INTEGER, 
	created_at DATETIME NOT NULL, 
	scheduled_at DATETIME, 
	started_at DATETIME, 
	completed_at DATETIME, 
	created_by_user_id VARCHAR, 
	related_entity_type VARCHAR, 
	related_entity_id VARCHAR, 
	parent_task_id VARCHAR, 
	depends_on_task_ids VARCHAR, 
	PRIMARY KEY (id)
);
CREATE INDEX ix_tasks_status ON tasks (status);
CREATE INDEX ix_tasks_priority ON tasks (priority);
CREATE INDEX ix_tasks_created_by_user_id ON tasks (created_by_user_id);
CREATE INDEX ix_tasks_task_type ON tasks (task_type);
CREATE TABLE supplier_usage_tracking (
	id VARCHAR NOT NULL, 
	supplier_name VARCHAR(100) NOT NULL, 
	request_timestamp DATETIME NOT NULL, 
	endpoint_type VARCHAR(50) NOT NULL, 
	success BOOLEAN NOT NULL, 
	response_time_ms INTEGER, 
	error_message VARCHAR(500), 
	request_metadata JSON, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
CREATE INDEX ix_supplier_usage_tracking_request_timestamp ON supplier_usage_tracking (request_timestamp);
CREATE INDEX ix_supplier_usage_tracking_supplier_name ON supplier_usage_tracking (supplier_name);
CREATE TABLE supplier_rate_limits (
	id VARCHAR NOT NULL, 
	supplier_name VARCHAR(100) NOT NULL, 
	requests_per_minute INTEGER NOT NULL, 
	requests_per_hour INTEGER NOT NULL, 
	requests_per_day INTEGER NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	burst_allowance INTEGER NOT NULL, 
	burst_window_seconds INTEGER NOT NULL, 
	custom_settings JSON, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (supplier_name)
);
CREATE TABLE supplier_usage_summary (
	id VARCHAR NOT NULL, 
	supplier_name VARCHAR(100) NOT NULL, 
	summary_date DATETIME NOT NULL, 
	summary_type VARCHAR(20) NOT NULL, 
	total_requests INTEGER NOT NULL, 
	successful_requests INTEGER NOT NULL, 
	failed_requests INTEGER NOT NULL, 
	avg_response_time_ms FLOAT, 
	endpoint_breakdown JSON, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
CREATE INDEX ix_supplier_usage_summary_supplier_name ON supplier_usage_summary (supplier_name);
CREATE INDEX ix_supplier_usage_summary_summary_date ON supplier_usage_summary (summary_date);
CREATE TABLE csvimportconfigmodel (
	id VARCHAR NOT NULL, 
	download_datasheets BOOLEAN NOT NULL, 
	download_images BOOLEAN NOT NULL, 
	overwrite_existing_files BOOLEAN NOT NULL, 
	download_timeout_seconds INTEGER NOT NULL, 
	show_progress BOOLEAN NOT NULL, 
	enable_enrichment BOOLEAN NOT NULL, 
	auto_create_enrichment_tasks BOOLEAN NOT NULL, 
	additional_settings JSON, 
	PRIMARY KEY (id)
);
CREATE TABLE label_templates (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	display_name VARCHAR NOT NULL, 
	description VARCHAR, 
	category VARCHAR(9) NOT NULL, 
	is_system_template BOOLEAN NOT NULL, 
	is_active BOOLEAN NOT NULL, 
	created_by_user_id VARCHAR, 
	is_public BOOLEAN NOT NULL, 
	label_width_mm FLOAT NOT NULL, 
	label_height_mm FLOAT NOT NULL, 
	layout_type VARCHAR(18) NOT NULL, 
	layout_config JSON, 
	qr_enabled BOOLEAN NOT NULL, 
	qr_position VARCHAR(12) NOT NULL, 
	qr_scale FLOAT NOT NULL, 
	qr_min_size_mm FLOAT NOT NULL, 
	qr_max_margin_mm FLOAT NOT NULL, 
	text_template VARCHAR NOT NULL, 
	text_rotation VARCHAR(13) NOT NULL, 
	text_alignment VARCHAR(6) NOT NULL, 
	enable_multiline BOOLEAN NOT NULL, 
	enable_auto_sizing BOOLEAN NOT NULL, 
	font_config JSON, 
	spacing_config JSON, 
	supports_rotation BOOLEAN NOT NULL, 
	supports_vertical_text BOOLEAN NOT NULL, 
	custom_processing_rules JSON, 
	usage_count INTEGER NOT NULL, 
	last_used_at DATETIME, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	is_validated BOOLEAN NOT NULL, 
	validation_errors JSON, 
	PRIMARY KEY (id)
);
CREATE INDEX ix_label_templates_name ON label_templates (name);
CREATE TABLE label_template_presets (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	display_name VARCHAR NOT NULL, 
	description VARCHAR NOT NULL, 
	template_config JSON, 
	category VARCHAR(9) NOT NULL, 
	is_system_preset BOOLEAN NOT NULL, 
	sort_order INTEGER NOT NULL, 
	is_active BOOLEAN NOT NULL, 
	usage_count INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
CREATE UNIQUE INDEX ix_label_template_presets_name ON label_template_presets (name);
CREATE TABLE tagmodel (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	name_lower VARCHAR NOT NULL, 
	color VARCHAR(7), 
	description VARCHAR, 
	icon VARCHAR(50), 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	created_by VARCHAR, 
	usage_count INTEGER NOT NULL, 
	parts_count INTEGER NOT NULL, 
	tools_count INTEGER NOT NULL, 
	last_used_at DATETIME, 
	is_system BOOLEAN NOT NULL, 
	is_active BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT uix_tag_name_lower UNIQUE (name_lower)
);
CREATE UNIQUE INDEX ix_tagmodel_name ON tagmodel (name);
CREATE INDEX ix_tagmodel_name_lower ON tagmodel (name_lower);
CREATE TABLE backup_config (
	id VARCHAR NOT NULL, 
	schedule_enabled BOOLEAN NOT NULL, 
	schedule_type VARCHAR NOT NULL, 
	schedule_cron VARCHAR, 
	retention_count INTEGER NOT NULL, 
	last_backup_at DATETIME, 
	next_backup_at DATETIME, 
	encryption_required BOOLEAN NOT NULL, 
	encryption_password VARCHAR, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE part_project_link (
	part_id VARCHAR NOT NULL, 
	project_id VARCHAR NOT NULL, 
	added_at DATETIME NOT NULL, 
	notes VARCHAR, 
	PRIMARY KEY (part_id, project_id), 
	FOREIGN KEY(part_id) REFERENCES partmodel (id), 
	FOREIGN KEY(project_id) REFERENCES projectmodel (id)
);
CREATE TABLE partcategorylink (
	part_id VARCHAR NOT NULL, 
	category_id VARCHAR NOT NULL, 
	PRIMARY KEY (part_id, category_id), 
	FOREIGN KEY(part_id) REFERENCES partmodel (id), 
	FOREIGN KEY(category_id) REFERENCES categorymodel (id)
);
CREATE TABLE datasheets (
	id VARCHAR NOT NULL, 
	part_id VARCHAR NOT NULL, 
	filename VARCHAR NOT NULL, 
	file_path VARCHAR NOT NULL, 
	file_size INTEGER, 
	file_type VARCHAR NOT NULL, 
	title VARCHAR, 
	supplier VARCHAR, 
	url VARCHAR, 
	download_date DATETIME NOT NULL, 
	is_primary BOOLEAN NOT NULL, 
	is_active BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(part_id) REFERENCES partmodel (id)
);
CREATE INDEX ix_datasheets_part_id ON datasheets (part_id);
CREATE TABLE partordersummary (
	id VARCHAR NOT NULL, 
	part_id VARCHAR, 
	last_ordered_date DATETIME, 
	last_ordered_price NUMERIC(10, 4), 
	last_order_number VARCHAR, 
	total_orders INTEGER NOT NULL, 
	lowest_price NUMERIC(10, 4), 
	highest_price NUMERIC(10, 4), 
	average_price NUMERIC(10, 4), 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (part_id), 
	FOREIGN KEY(part_id) REFERENCES partmodel (id) ON DELETE CASCADE
);
CREATE TABLE tool_category_links (
	tool_id VARCHAR NOT NULL, 
	category_id VARCHAR NOT NULL, 
	PRIMARY KEY (tool_id, category_id), 
	FOREIGN KEY(tool_id) REFERENCES toolmodel (id), 
	FOREIGN KEY(category_id) REFERENCES categorymodel (id)
);
CREATE TABLE tool_location_allocations (
	id VARCHAR NOT NULL, 
	tool_id VARCHAR, 
	location_id VARCHAR, 
	quantity_at_location INTEGER NOT NULL, 
	is_primary_storage BOOLEAN NOT NULL, 
	allocated_at DATETIME NOT NULL, 
	last_updated DATETIME NOT NULL, 
	notes VARCHAR, 
	PRIMARY KEY (id), 
	CONSTRAINT uix_tool_location UNIQUE (tool_id, location_id), 
	FOREIGN KEY(tool_id) REFERENCES toolmodel (id) ON DELETE CASCADE, 
	FOREIGN KEY(location_id) REFERENCES locationmodel (id) ON DELETE CASCADE
);
CREATE INDEX ix_tool_location_allocations_location_id ON tool_location_allocations (location_id);
CREATE INDEX ix_tool_location_allocations_tool_id ON tool_location_allocations (tool_id);
CREATE TABLE tool_maintenance_records (
	id VARCHAR NOT NULL, 
	tool_id VARCHAR, 
	maintenance_date DATETIME NOT NULL, 
	maintenance_type VARCHAR NOT NULL, 
	performed_by VARCHAR NOT NULL, 
	notes VARCHAR, 
	next_maintenance_date DATETIME, 
	cost FLOAT, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(tool_id) REFERENCES toolmodel (id) ON DELETE CASCADE
);
CREATE INDEX ix_tool_maintenance_records_tool_id ON tool_maintenance_records (tool_id);
CREATE TABLE activitylogmodel (
	id VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	entity_type VARCHAR NOT NULL, 
	entity_id VARCHAR, 
	entity_name VARCHAR, 
	user_id VARCHAR, 
	username VARCHAR, 
	timestamp DATETIME NOT NULL, 
	details JSON, 
	ip_address VARCHAR, 
	user_agent VARCHAR, 
	PRIMARY KEY (id), 
	FOREIGN KEY(user_id) REFERENCES usermodel (id)
);
CREATE INDEX ix_activitylogmodel_entity_type ON activitylogmodel (entity_type);
CREATE INDEX ix_activitylogmodel_entity_id ON activitylogmodel (entity_id);
CREATE INDEX ix_activitylogmodel_user_id ON activitylogmodel (user_id);
CREATE INDEX ix_activitylogmodel_action ON activitylogmodel (action);
CREATE INDEX ix_activitylogmodel_timestamp ON activitylogmodel (timestamp);
CREATE TABLE partenrichmentmetadata (
	id VARCHAR NOT NULL, 
	part_id VARCHAR, 
	last_enrichment_date DATETIME, 
	enrichment_source VARCHAR, 
	data_quality_score FLOAT, 
	enrichment_attempts INTEGER NOT NULL, 
	last_error VARCHAR, 
	capabilities_used JSON, 
	needs_enrichment BOOLEAN NOT NULL, 
	enrichment_enabled BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (part_id), 
	FOREIGN KEY(part_id) REFERENCES partmodel (id) ON DELETE CASCADE
);
CREATE TABLE partpricinghistory (
	id VARCHAR NOT NULL, 
	part_id VARCHAR NOT NULL, 
	supplier VARCHAR NOT NULL, 
	unit_price NUMERIC(10, 4), 
	currency VARCHAR(3) NOT NULL, 
	stock_quantity INTEGER, 
	pricing_tiers JSON, 
	source VARCHAR NOT NULL, 
	source_reference VARCHAR, 
	valid_from DATETIME NOT NULL, 
	valid_until DATETIME, 
	is_current BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(part_id) REFERENCES partmodel (id)
);
CREATE INDEX ix_partpricinghistory_part_id ON partpricinghistory (part_id);
CREATE INDEX ix_partpricinghistory_source ON partpricinghistory (source);
CREATE INDEX ix_partpricinghistory_valid_from ON partpricinghistory (valid_from);
CREATE INDEX ix_partpricinghistory_created_at ON partpricinghistory (created_at);
CREATE INDEX ix_partpricinghistory_is_current ON partpricinghistory (is_current);
CREATE INDEX ix_partpricinghistory_supplier ON partpricinghistory (supplier);
CREATE TABLE partsystemmetadata (
	id VARCHAR NOT NULL, 
	part_id VARCHAR, 
	view_count INTEGER NOT NULL, 
	search_count INTEGER NOT NULL, 
	last_accessed DATETIME, 
	import_source VARCHAR, 
	import_reference VARCHAR, 
	import_date DATETIME, 
	needs_review BOOLEAN NOT NULL, 
	is_favorite BOOLEAN NOT NULL, 
	is_obsolete BOOLEAN NOT NULL, 
	tags JSON, 
	notes VARCHAR, 
	auto_reorder_enabled BOOLEAN NOT NULL, 
	reorder_threshold INTEGER, 
	preferred_supplier VARCHAR, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (part_id), 
	FOREIGN KEY(part_id) REFERENCES partmodel (id) ON DELETE CASCADE
);
CREATE TABLE userrolelink (
	user_id VARCHAR NOT NULL, 
	role_id VARCHAR NOT NULL, 
	PRIMARY KEY (user_id, role_id), 
	FOREIGN KEY(user_id) REFERENCES usermodel (id), 
	FOREIGN KEY(role_id) REFERENCES rolemodel (id)
);
CREATE TABLE orderitemmodel (
	id VARCHAR NOT NULL, 
	order_id VARCHAR NOT NULL, 
	part_id VARCHAR, 
	supplier_part_number VARCHAR NOT NULL, 
	manufacturer_part_number VARCHAR, 
	description VARCHAR, 
	manufacturer VARCHAR, 
	quantity_ordered INTEGER NOT NULL, 
	quantity_received INTEGER NOT NULL, 
	unit_price NUMERIC(10, 4), 
	extended_price NUMERIC(10, 2), 
	package VARCHAR, 
	customer_reference VARCHAR, 
	status VARCHAR NOT NULL, 
	expected_date DATETIME, 
	received_date DATETIME, 
	properties JSON, 
	PRIMARY KEY (id), 
	FOREIGN KEY(order_id) REFERENCES ordermodel (id), 
	FOREIGN KEY(part_id) REFERENCES partmodel (id) ON DELETE SET NULL
);
CREATE INDEX ix_orderitemmodel_manufacturer_part_number ON orderitemmodel (manufacturer_part_number);
CREATE INDEX ix_orderitemmodel_supplier_part_number ON orderitemmodel (supplier_part_number);
CREATE TABLE supplier_configs (
	id VARCHAR NOT NULL, 
	supplier_name VARCHAR(100) NOT NULL, 
	display_name VARCHAR(200) NOT NULL, 
	description VARCHAR(1000), 
	website_url VARCHAR(500), 
	image_url VARCHAR(500), 
	supplier_type VARCHAR(50) NOT NULL, 
	api_type VARCHAR(50) NOT NULL, 
	base_url VARCHAR(500) NOT NULL, 
	api_version VARCHAR(50), 
	api_documentation_url VARCHAR(500), 
	rate_limit_per_minute INTEGER, 
	timeout_seconds INTEGER NOT NULL, 
	max_retries INTEGER NOT NULL, 
	retry_backoff FLOAT NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	supports_datasheet BOOLEAN NOT NULL, 
	supports_image BOOLEAN NOT NULL, 
	supports_pricing BOOLEAN NOT NULL, 
	supports_stock BOOLEAN NOT NULL, 
	supports_specifications BOOLEAN NOT NULL, 
	supports_alternatives BOOLEAN NOT NULL, 
	supports_lifecycle_status BOOLEAN NOT NULL, 
	supports_part_validation BOOLEAN NOT NULL, 
	capabilities VARCHAR, 
	custom_headers VARCHAR, 
	custom_parameters VARCHAR, 
	created_by_user_id VARCHAR, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	last_tested_at DATETIME, 
	test_status VARCHAR(50), 
	PRIMARY KEY (id), 
	FOREIGN KEY(created_by_user_id) REFERENCES usermodel (id)
);
CREATE UNIQUE INDEX ix_supplier_configs_supplier_name ON supplier_configs (supplier_name);
CREATE TABLE enrichment_profiles (
	id VARCHAR NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	description VARCHAR(1000), 
	supplier_priority VARCHAR NOT NULL, 
	enabled_capabilities VARCHAR NOT NULL, 
	fallback_enabled BOOLEAN NOT NULL, 
	timeout_seconds INTEGER NOT NULL, 
	field_mappings VARCHAR, 
	data_transformations VARCHAR, 
	is_default BOOLEAN NOT NULL, 
	is_public BOOLEAN NOT NULL, 
	created_by_user_id VARCHAR, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	last_used_at DATETIME, 
	usage_count INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(created_by_user_id) REFERENCES usermodel (id)
);
CREATE INDEX ix_enrichment_profiles_name ON enrichment_profiles (name);
CREATE TABLE part_tag_links (
	part_id VARCHAR NOT NULL, 
	tag_id VARCHAR NOT NULL, 
	added_at DATETIME NOT NULL, 
	added_by VARCHAR, 
	PRIMARY KEY (part_id, tag_id), 
	FOREIGN KEY(part_id) REFERENCES partmodel (id), 
	FOREIGN KEY(tag_id) REFERENCES tagmodel (id)
);
CREATE TABLE tool_tag_links (
	tool_id VARCHAR NOT NULL, 
	tag_id VARCHAR NOT NULL, 
	added_at DATETIME NOT NULL, 
	added_by VARCHAR, 
	PRIMARY KEY (tool_id, tag_id), 
	FOREIGN KEY(tool_id) REFERENCES toolmodel (id), 
	FOREIGN KEY(tag_id) REFERENCES tagmodel (id)
);
CREATE TABLE part_location_allocations (
	id VARCHAR NOT NULL, 
	part_id VARCHAR, 
	location_id VARCHAR, 
	quantity_at_location INTEGER NOT NULL, 
	is_primary_storage BOOLEAN NOT NULL, 
	allocated_at DATETIME NOT NULL, 
	last_updated DATETIME NOT NULL, 
	notes VARCHAR, 
	auto_synced BOOLEAN NOT NULL, 
	last_nfc_scan DATETIME, 
	PRIMARY KEY (id), 
	CONSTRAINT uix_part_location UNIQUE (part_id, location_id), 
	FOREIGN KEY(part_id) REFERENCES partmodel (id) ON DELETE CASCADE, 
	FOREIGN KEY(location_id) REFERENCES locationmodel (id) ON DELETE CASCADE
);
CREATE INDEX ix_part_location_allocations_location_id ON part_location_allocations (location_id);
CREATE INDEX ix_part_location_allocations_part_id ON part_location_allocations (part_id);
CREATE TABLE api_keys (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	description VARCHAR, 
	key_hash VARCHAR NOT NULL, 
	key_prefix VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	permissions JSON, 
	role_names JSON, 
	is_active BOOLEAN NOT NULL, 
	expires_at DATETIME, 
	created_at DATETIME NOT NULL, 
	last_used_at DATETIME, 
	usage_count INTEGER NOT NULL, 
	allowed_ips JSON, 
	PRIMARY KEY (id), 
	FOREIGN KEY(user_id) REFERENCES usermodel (id)
);
CREATE INDEX ix_api_keys_name ON api_keys (name);
CREATE UNIQUE INDEX ix_api_keys_key_hash ON api_keys (key_hash);
CREATE INDEX ix_api_keys_key_prefix ON api_keys (key_prefix);
CREATE INDEX ix_api_keys_user_id ON api_keys (user_id);
CREATE TABLE partorderlink (
	part_id VARCHAR NOT NULL, 
	order_item_id VARCHAR NOT NULL, 
	quantity_from_order INTEGER NOT NULL, 
	date_added DATETIME NOT NULL, 
	PRIMARY KEY (part_id, order_item_id), 
	FOREIGN KEY(part_id) REFERENCES partmodel (id), 
	FOREIGN KEY(order_item_id) REFERENCES orderitemmodel (id)
);
CREATE TABLE supplier_credentials (
	id VARCHAR NOT NULL, 
	supplier_config_id VARCHAR NOT NULL, 
	api_key VARCHAR(500), 
	secret_key VARCHAR(500), 
	username VARCHAR(200), 
	password VARCHAR(500), 
	oauth_token VARCHAR(1000), 
	refresh_token VARCHAR(1000), 
	additional_data VARCHAR, 
	created_by_user_id VARCHAR, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (supplier_config_id), 
	FOREIGN KEY(supplier_config_id) REFERENCES supplier_configs (id), 
	FOREIGN KEY(created_by_user_id) REFERENCES usermodel (id)
);
